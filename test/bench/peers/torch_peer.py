"""torch, eager or through torch.compile: inference, the training step, chains of eager ops."""
import numpy as np
import torch
from serve import BATCH, FLAVOUR, KIND, NET, THREADS, serve, shapes

torch.set_num_threads(THREADS)


def infer():
    import nets

    model = nets.make(NET).eval()
    args = [torch.randn(shape) for shape in shapes(channels_first=True)]
    if FLAVOUR == "compile":
        model = torch.compile(model, options={"freezing": True})

    def call():
        with torch.no_grad():
            model(*args)

    return call


def train():
    import nets

    model = nets.make(NET).train()
    optimizer = torch.optim.Adam(model.parameters())
    x = torch.rand(BATCH, 1, 28, 28)
    y = torch.eye(10)[torch.arange(BATCH) % 10]
    logits = torch.compile(model.logits) if FLAVOUR == "compile" else model.logits

    def step():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(logits(x), y)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


def eager():
    a = torch.from_numpy((np.random.rand(64, 64) / 64).astype(np.float32))

    def chain():
        x = a
        if NET == "add":
            for _ in range(100):
                x = torch.add(x, a)
        else:
            for _ in range(50):
                x = torch.matmul(torch.add(x, a), a)
        return x.numpy()

    return chain


serve({"infer": infer, "train": train, "eager": eager}[KIND])
