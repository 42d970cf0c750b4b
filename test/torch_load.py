"""torch_load.py FILE AGAIN: a checkpoint as PyTorch loads it, in full and weights alone, saved again by PyTorch.
Exit status 77 where it is not there."""
import sys

try:
    import torch
except ImportError:
    sys.exit(77)

file, again = sys.argv[1:]
whole = torch.load(file, map_location="cpu")
weights = torch.load(file, map_location="cpu", weights_only=True)
assert type(whole) is dict and list(whole) == list(weights) and list(whole) == sorted(whole)
for name, tensor in whole.items():
    assert torch.equal(tensor, weights[name]) and tensor.is_contiguous() and not tensor.requires_grad, name
torch.save(whole, again)
