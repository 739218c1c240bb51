// An encoder like MiniLM's: six layers of attention over 128 tokens of width 384, twelve heads, and two dense layers each. It begins at
// embeddings. `keratin compile samples/networks/encoder.ts`.
import { keras, layers } from "keratin";

const [width, heads, hidden, tokens] = [384, 12, 1536, 128];

export function model() {
  const input = keras.Input([tokens, width], { name: "embeddings" });
  let x = input;
  for (let i = 0; i < 6; i++) {
    const attended = layers.MultiHeadAttention(heads, width / heads)(x, x);
    x = layers.LayerNormalization({ epsilon: 1e-12 })(layers.add([x, attended]));
    const dense = layers.Dense(width)(layers.Dense(hidden, { activation: "gelu" })(x));
    x = layers.LayerNormalization({ epsilon: 1e-12 })(layers.add([x, dense]));
  }
  return keras.Model(input, x, { name: "encoder" });
}
