"""The two example classifiers. Both take pictures as float32 N×C×H×W in [0, 1] after the mean/std of their preprocessing."""

import torch
from torch import nn


class Digits(nn.Module):
    """A small plain network for 28×28 grey digits. Its output is probabilities: the softmax belongs to the network."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3)
        self.conv2 = nn.Conv2d(8, 16, 3)
        self.hidden = nn.Linear(16 * 5 * 5, 32)
        self.classifier = nn.Linear(32, 10)

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.hidden(torch.flatten(x, 1)))
        return self.classifier(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.logits(x), dim=1)


class Residual(nn.Module):
    """Two 3×3 convolutions with batch norm and a shortcut (He et al. 2016); the shortcut is a 1×1 convolution where shapes differ."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.projects = stride != 1 or inputs != outputs
        if self.projects:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.shortcut_norm = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return torch.relu(y + (self.shortcut_norm(self.shortcut(x)) if self.projects else x))


class Inverted(nn.Module):
    """Expansion, depthwise 3×3 convolution and projection (Sandler et al. 2018), with a shortcut where shapes allow it."""

    def __init__(self, inputs: int, hidden: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.expand = nn.Conv2d(inputs, hidden, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(hidden)
        self.depthwise = nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False)
        self.norm2 = nn.BatchNorm2d(hidden)
        self.project = nn.Conv2d(hidden, outputs, 1, bias=False)
        self.norm3 = nn.BatchNorm2d(outputs)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = nn.functional.relu6(self.norm1(self.expand(x)))
        y = nn.functional.relu6(self.norm2(self.depthwise(y)))
        y = self.norm3(self.project(y))
        return x + y if self.adds else y


class Patches(nn.Module):
    """Residual blocks, then inverted residual blocks, for 96×96 colour patches; 128 features before the last layer. Its output is logits."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(16)
        self.blocks = nn.Sequential(
            Residual(16, 16, 1),
            Residual(16, 32, 2),
            Inverted(32, 96, 64, 2),
            Inverted(64, 128, 64, 1),
            Inverted(64, 128, 96, 2),
            Inverted(96, 192, 96, 1),
        )
        self.top = nn.Conv2d(96, 128, 1, bias=False)
        self.top_norm = nn.BatchNorm2d(128)
        self.classifier = nn.Linear(128, classes)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem_norm(self.stem(x)))
        x = torch.relu(self.top_norm(self.top(self.blocks(x))))
        return torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x))
