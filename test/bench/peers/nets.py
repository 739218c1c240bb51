"""The networks in torch with random weights, channels first, and their export to ONNX.

    python nets.py FOLDER     writes FOLDER/*.onnx and prints the multiply-adds of each
"""
import os
import sys

import torch
import torch.nn.functional as F
from torch import nn


class Mnist(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3), nn.Conv2d(64, 64, 3)])
        self.hidden, self.out = nn.Linear(576, 64), nn.Linear(64, 10)

    def logits(self, x):
        x = F.max_pool2d(F.relu(self.convs[0](x)), 2)
        x = F.max_pool2d(F.relu(self.convs[1](x)), 2)
        x = F.relu(self.convs[2](x)).flatten(1)
        return self.out(F.relu(self.hidden(x)))

    def forward(self, x):
        return F.softmax(self.logits(x), -1)


class EncoderLayer(nn.Module):
    def __init__(self, width=384, heads=12, hidden=1536):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norms = nn.ModuleList([nn.LayerNorm(width, eps=1e-12) for _ in range(2)])

    def forward(self, x):
        batch, tokens, width = x.shape

        def split(y):
            return y.view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)

        q, k, v = split(self.q(x)), split(self.k(x)), split(self.v(x))
        weights = torch.softmax(q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5, -1)
        mixed = (weights @ v).transpose(1, 2).reshape(batch, tokens, width)
        x = self.norms[0](x + self.o(mixed))
        return self.norms[1](x + self.down(F.gelu(self.up(x))))


class Gemm(nn.Module):
    def forward(self, a, b):
        return a @ b


def mobilenetv2():
    import torchvision

    return nn.Sequential(torchvision.models.mobilenet_v2(weights=None), nn.Softmax(-1))


def resnet50():
    """As in Keras: the first convolution of a stage has its stride, not the 3x3 one."""
    import torchvision

    model = torchvision.models.resnet50(weights=None)
    for stage in (model.layer2, model.layer3, model.layer4):
        stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
    return nn.Sequential(model, nn.Softmax(-1))


MAKERS = {
    "mnist": Mnist,
    "mobilenetv2": mobilenetv2,
    "resnet50": resnet50,
    "encoder": lambda: nn.Sequential(*[EncoderLayer() for _ in range(6)]),
    "gemm1024": Gemm,
}


def make(net):
    torch.manual_seed(0)
    return MAKERS[net]()


FILES = {
    "mnist-b1": ("mnist", [(1, 1, 28, 28)]),
    "mnist-b128": ("mnist", [(128, 1, 28, 28)]),
    "mobilenetv2": ("mobilenetv2", [(1, 3, 224, 224)]),
    "resnet50": ("resnet50", [(1, 3, 224, 224)]),
    "encoder": ("encoder", [(1, 128, 384)]),
    "gemm1024": ("gemm1024", [(1024, 1024), (1024, 1024)]),
}


def multiply_adds(model, args):
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(*args)
    return counter.get_total_flops() // 2


def export(folder):
    os.makedirs(folder, exist_ok=True)
    for name, (net, shapes) in FILES.items():
        path = os.path.join(folder, name + ".onnx")
        model = make(net).eval()
        args = tuple(torch.randn(shape) for shape in shapes)
        if not os.path.exists(path):
            inputs = ["x", "b"][: len(args)]
            torch.onnx.export(
                model, args, path, dynamo=False, opset_version=17, input_names=inputs, output_names=["y"]
            )
        print(name, multiply_adds(model, args), "multiply-adds", os.path.getsize(path), "bytes", flush=True)


if __name__ == "__main__":
    export(sys.argv[1])
