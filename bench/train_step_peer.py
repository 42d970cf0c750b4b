# SPDX-License-Identifier: Apache-2.0
"""train_step_peer.py MODEL.safetensors PART THREADS STEPS: what bench/train_step.cc does, in PyTorch.

The mask decoder is written as published (Kirillov et al. 2023, appendix A), LoRA as its paper has it, the loss
as src/sonde/train/torch/example_loss.h says. Needs Debian's python3-torch.
"""
import json
import math
import resource
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional

DIM, HEADS, SIDE, FRAME, BATCH, WARM_UP, RANK = 256, 8, 64, 256, 4, 2, 4
VALID_ROWS, SHARE, EPSILON = 208, 0.1, 1


class Linear(nn.Linear):
    """With a low-rank addition, where there is one."""

    def add_low_rank(self):
        self.lora_a = nn.Parameter(torch.randn(RANK, self.in_features) / math.sqrt(self.in_features))
        self.lora_b = nn.Parameter(torch.zeros(self.out_features, RANK))

    def forward(self, x):
        out = super().forward(x)
        return out + x @ self.lora_a.t() @ self.lora_b.t() if hasattr(self, "lora_a") else out


class Attention(nn.Module):
    def __init__(self, downsample=1):
        super().__init__()
        inner = DIM // downsample
        self.q_proj, self.k_proj, self.v_proj = Linear(DIM, inner), Linear(DIM, inner), Linear(DIM, inner)
        self.out_proj = Linear(inner, DIM)

    def heads(self, x):
        return x.reshape(x.shape[0], x.shape[1], HEADS, -1).transpose(1, 2)

    def forward(self, q, k, v):
        q, k, v = self.heads(self.q_proj(q)), self.heads(self.k_proj(k)), self.heads(self.v_proj(v))
        scores = (q @ k.transpose(2, 3)) / math.sqrt(q.shape[3])
        out = scores.softmax(-1) @ v
        return self.out_proj(out.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = functional.relu(layer(x))
        return self.layers[-1](x)


class MlpBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin1, self.lin2 = Linear(DIM, 2048), Linear(2048, DIM)

    def forward(self, x):
        return self.lin2(functional.relu(self.lin1(x)))


class Block(nn.Module):
    def __init__(self, is_first):
        super().__init__()
        self.is_first = is_first
        self.self_attn = Attention()
        self.cross_attn_token_to_image, self.cross_attn_image_to_token = Attention(2), Attention(2)
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.LayerNorm(DIM) for _ in range(4))
        self.mlp = MlpBlock()

    def forward(self, queries, keys, query_pe, key_pe):
        if self.is_first:
            queries = self.self_attn(queries, queries, queries)
        else:
            q = queries + query_pe
            queries = queries + self.self_attn(q, q, queries)
        queries = self.norm1(queries)
        queries = self.norm2(queries + self.cross_attn_token_to_image(queries + query_pe, keys + key_pe, keys))
        queries = self.norm3(queries + self.mlp(queries))
        return queries, self.norm4(
            keys + self.cross_attn_image_to_token(keys + key_pe, queries + query_pe, queries)
        )


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Block(True), Block(False)])
        self.final_attn_token_to_image = Attention(2)
        self.norm_final_attn = nn.LayerNorm(DIM)

    def forward(self, image, image_pe, tokens):
        keys, key_pe = image.flatten(2).permute(0, 2, 1), image_pe.flatten(2).permute(0, 2, 1)
        queries = tokens
        for layer in self.layers:
            queries, keys = layer(queries, keys, tokens, key_pe)
        attended = self.final_attn_token_to_image(queries + tokens, keys + key_pe, keys)
        return self.norm_final_attn(queries + attended), keys


class LayerNorm2d(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        mean = x.mean(1, keepdim=True)
        variance = (x - mean).pow(2).mean(1, keepdim=True)
        x = (x - mean) / torch.sqrt(variance + 1e-6)
        return self.weight[:, None, None] * x + self.bias[:, None, None]


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.transformer = Transformer()
        self.iou_token, self.mask_tokens = nn.Embedding(1, DIM), nn.Embedding(4, DIM)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(DIM, DIM // 4, 2, 2),
            LayerNorm2d(DIM // 4),
            nn.GELU(),
            nn.ConvTranspose2d(DIM // 4, DIM // 8, 2, 2),
            nn.GELU(),
        )
        self.output_hypernetworks_mlps = nn.ModuleList(Mlp([DIM, DIM, DIM, DIM // 8]) for _ in range(4))
        self.iou_prediction_head = Mlp([DIM, 256, 256, 4])

    def forward(self, image, image_pe, sparse):
        tokens = torch.cat([self.iou_token.weight, self.mask_tokens.weight]).expand(len(sparse), -1, -1)
        tokens = torch.cat([tokens, sparse], 1)
        image, pe = image.repeat_interleave(len(sparse), 0), image_pe.repeat_interleave(len(sparse), 0)
        tokens, keys = self.transformer(image, pe, tokens)
        keys = keys.transpose(1, 2).reshape(len(sparse), DIM, SIDE, SIDE)
        upscaled = self.output_upscaling(keys)
        weights = torch.stack([mlp(tokens[:, 1 + i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], 1)
        masks = (weights @ upscaled.flatten(2)).view(len(sparse), 4, FRAME, FRAME)
        return masks, self.iou_prediction_head(tokens[:, 0])


def load(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    return {
        name: torch.frombuffer(data, dtype=torch.float32, offset=entry["data_offsets"][0], count=math.prod(entry["shape"]))
        .view(entry["shape"])
        .clone()
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32" and math.prod(entry["shape"]) > 0
    }


def positions(gauss, xy):
    phase = (2 * xy - 1) @ gauss * (2 * math.pi)
    return torch.cat([phase.sin(), phase.cos()], -1)


def mask_losses(logits, target):  # [B,4,H,W] -> [B,4]
    target = target.unsqueeze(1).expand_as(logits)
    p = logits.sigmoid()
    dice = 1 - (2 * (p * target).sum((2, 3)) + EPSILON) / (p.sum((2, 3)) + target.sum((2, 3)) + EPSILON)
    return dice + functional.binary_cross_entropy_with_logits(logits, target, reduction="none").mean((2, 3))


def losses(logits, iou, target):
    logits, target = logits[:, :, :VALID_ROWS], target[:, :VALID_ROWS]
    each = mask_losses(logits, target)
    with torch.no_grad():
        predicted, wanted = logits > 0, target.unsqueeze(1) >= 0.5
        true = (predicted & wanted).sum((2, 3)) / (predicted | wanted).sum((2, 3))
    return (each[:, 0] + each[:, 1:].min(1).values).mean(), (iou - true).pow(2).mean()


def discs():
    y, x = torch.meshgrid(torch.arange(FRAME), torch.arange(FRAME), indexing="ij")
    centres = [(60 + 40 * i, 200 - 40 * i) for i in range(BATCH)]
    target = torch.stack([((x - a) ** 2 + (y - b) ** 2 < 400).float() for a, b in centres])
    return target, torch.tensor(centres).float() * 4


def tuned(decoder, part):
    if part == "decoder":
        return list(decoder.parameters())
    for module in decoder.transformer.modules():
        if isinstance(module, Attention):
            module.q_proj.add_low_rank()
            module.v_proj.add_low_rank()
    ours = ("lora_", "iou_token", "mask_tokens", "output_hypernetworks_mlps", "iou_prediction_head")
    for name, parameter in decoder.named_parameters():
        parameter.requires_grad_(any(word in name for word in ours))
    return [parameter for parameter in decoder.parameters() if parameter.requires_grad]


def main():
    model, part, threads, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    weights = load(model)
    decoder = Decoder()
    prefix = "mask_decoder."
    decoder.load_state_dict({k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)})
    prompt = {k[len("prompt_encoder.") :]: v for k, v in weights.items() if k.startswith("prompt_encoder.")}
    gauss = prompt["pe_layer.positional_encoding_gaussian_matrix"]
    numbers = torch.tensor([0.1 * math.sin(i * i % 100003) for i in range(SIDE * SIDE * DIM)])
    image = numbers.view(SIDE, SIDE, DIM).permute(2, 0, 1).unsqueeze(0)
    image = (image + prompt["no_mask_embed.weight"].view(1, -1, 1, 1)).contiguous()
    centre = (torch.arange(SIDE) + 0.5) / SIDE
    grid = torch.stack(torch.meshgrid(centre, centre, indexing="xy"), -1)
    image_pe = positions(gauss, grid).permute(2, 0, 1).unsqueeze(0).contiguous()
    target, points = discs()
    point = positions(gauss, (points + 0.5) / 1024) + prompt["point_embeddings.1.weight"]
    sparse = torch.stack([point, prompt["not_a_point_embed.weight"].expand(BATCH, -1)], 1)

    parameters = tuned(decoder, part)
    optimiser = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.01)
    seconds, first = [], None
    for step in range(WARM_UP + steps):
        if step == WARM_UP:
            before = time.process_time()
        start = time.perf_counter()
        logits, iou = decoder(image, image_pe, sparse)
        mask_loss, quality_loss = losses(logits, iou, target)
        optimiser.zero_grad()
        (mask_loss + quality_loss).backward()
        norm = nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        seconds.append(time.perf_counter() - start)
        first = first or (mask_loss.item(), quality_loss.item(), norm.item())
    cpu = (time.process_time() - before) / steps
    seconds = sorted(seconds[WARM_UP:])
    answer = dict(zip(("mask_loss", "quality_loss", "gradient_norm"), first))
    answer |= dict(cpu=cpu, best=seconds[0], median=seconds[len(seconds) // 2])
    answer["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer))


main()
