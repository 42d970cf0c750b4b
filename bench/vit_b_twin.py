# SPDX-License-Identifier: Apache-2.0
"""vit_b_twin.py MOBILE_SAM.safetensors FOLDER: SAM's ViT-B image encoder with random weights, for speed alone.

Writes FOLDER/vit_b.onnx (pixels [1,3,1024,1024] to embedding [1,256,64,64]) for ONNX Runtime and
FOLDER/vit_b.safetensors, the same weights under the published names with MobileSAM's prompt encoder and mask
decoder, for sonde. Needs Debian's python3-torch. Source of the network: Kirillov et al. 2023, appendix A;
Li et al. 2022 (ViTDet).
"""
import json
import struct
import sys
import warnings
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

IMAGE, PATCH, GRID, WINDOW = 1024, 16, 64, 14
DIM, DEPTH, HEADS, OUT = 768, 12, 12, 256
GLOBAL_BLOCKS = (2, 5, 8, 11)


def offsets(side):
    """[query][key] -> row of a table of relative positions."""
    position = torch.arange(side)
    return position[:, None] - position[None, :] + side - 1


class Attention(nn.Module):
    def __init__(self, side):
        super().__init__()
        self.side = side
        self.qkv, self.proj = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)
        self.rel_pos_h = nn.Parameter(0.1 * torch.randn(2 * side - 1, DIM // HEADS))
        self.rel_pos_w = nn.Parameter(0.1 * torch.randn(2 * side - 1, DIM // HEADS))
        self.register_buffer("offsets", offsets(side), persistent=False)

    def forward(self, x):  # [B,side,side,DIM]
        side, tokens, channels = self.side, self.side**2, DIM // HEADS
        groups = x.shape[0] * HEADS
        q, k, v = (
            self.qkv(x)
            .reshape(x.shape[0], tokens, 3, HEADS, channels)
            .permute(2, 0, 3, 1, 4)
            .reshape(3, groups, tokens, channels)
            .unbind(0)
        )
        grid = q.reshape(groups, side, side, channels)
        bias_h = torch.einsum("ghwc,hic->ghwi", grid, self.rel_pos_h[self.offsets])
        bias_w = torch.einsum("ghwc,wjc->ghwj", grid, self.rel_pos_w[self.offsets])
        scores = (q * channels**-0.5) @ k.transpose(1, 2)
        scores = scores.reshape(groups, side, side, side, side) + bias_h[..., None] + bias_w[..., None, :]
        out = scores.reshape(groups, tokens, tokens).softmax(-1) @ v
        out = out.reshape(x.shape[0], HEADS, side, side, channels).permute(0, 2, 3, 1, 4)
        return self.proj(out.reshape(x.shape[0], side, side, DIM))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin1, self.lin2 = nn.Linear(DIM, 4 * DIM), nn.Linear(4 * DIM, DIM)

    def forward(self, x):
        return self.lin2(functional.gelu(self.lin1(x)))


class Block(nn.Module):
    def __init__(self, is_global):
        super().__init__()
        self.is_global = is_global
        self.norm1, self.norm2 = nn.LayerNorm(DIM, eps=1e-6), nn.LayerNorm(DIM, eps=1e-6)
        self.attn = Attention(GRID if is_global else WINDOW)
        self.mlp = Mlp()

    def windowed(self, x):
        count = -(-GRID // WINDOW)
        missing = count * WINDOW - GRID
        x = functional.pad(x, (0, 0, 0, missing, 0, missing))
        windows = x.reshape(count, WINDOW, count, WINDOW, DIM).transpose(1, 2).reshape(-1, WINDOW, WINDOW, DIM)
        windows = self.attn(windows).reshape(count, count, WINDOW, WINDOW, DIM).transpose(1, 2)
        return windows.reshape(1, count * WINDOW, count * WINDOW, DIM)[:, :GRID, :GRID]

    def forward(self, x):  # [1,GRID,GRID,DIM]
        normed = self.norm1(x)
        x = x + (self.attn(normed) if self.is_global else self.windowed(normed))
        return x + self.mlp(self.norm2(x))


class ChannelNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):  # [1,channels,H,W]
        mean = x.mean(1, keepdim=True)
        variance = (x - mean).pow(2).mean(1, keepdim=True)
        x = (x - mean) / torch.sqrt(variance + 1e-6)
        return self.weight[:, None, None] * x + self.bias[:, None, None]


class PatchEmbed(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Conv2d(3, DIM, PATCH, PATCH)

    def forward(self, x):
        return self.proj(x).permute(0, 2, 3, 1)


class ImageEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch_embed = PatchEmbed()
        self.pos_embed = nn.Parameter(0.1 * torch.randn(1, GRID, GRID, DIM))
        self.blocks = nn.ModuleList(Block(i in GLOBAL_BLOCKS) for i in range(DEPTH))
        self.neck = nn.Sequential(
            nn.Conv2d(DIM, OUT, 1, bias=False),
            ChannelNorm(OUT),
            nn.Conv2d(OUT, OUT, 3, padding=1, bias=False),
            ChannelNorm(OUT),
        )

    def forward(self, pixels):
        x = self.patch_embed(pixels) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.neck(x.permute(0, 3, 1, 2))


def read_safetensors(path):
    """Name -> (type, shape, bytes)."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    body = data[8 + length :]
    return {name: (entry["dtype"], entry["shape"], body[slice(*entry["data_offsets"])]) for name, entry in header.items()}


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % 64)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in tensors.values():
            file.write(data)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    mobile_sam, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    torch.set_num_threads(2)
    encoder = ImageEncoder().eval()
    decoder = {n: t for n, t in read_safetensors(mobile_sam).items() if not n.startswith("image_encoder.")}
    ours = {
        "image_encoder." + name: ("F32", list(tensor.shape), tensor.detach().numpy().tobytes())
        for name, tensor in encoder.state_dict().items()
    }
    write_safetensors(folder / "vit_b.safetensors", dict(sorted({**decoder, **ours}.items())))
    warnings.filterwarnings("ignore")
    with torch.no_grad():
        torch.onnx.export(
            encoder,
            torch.zeros(1, 3, IMAGE, IMAGE),
            str(folder / "vit_b.onnx"),
            input_names=["input"],
            output_names=["output"],
            opset_version=14,
        )


main()
