"""What checkpoints call the large modules of a layer, by the part that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from blueprint.planner.families import Family

Part = Literal["attention", "dense", "experts"]
"""A part that a checkpoint may have in a format of its own."""
PARTS: tuple[Part, ...] = get_args(Part)


class Modules(NamedTuple):
    """The modules of a part."""

    containers: tuple[str, ...]
    """Where in a layer they stand, the most usual first."""
    names: tuple[tuple[str, ...], ...]
    """Each with the names that it goes by, the most usual first; what is fused is named by its parts or as a whole."""

    @property
    def usual(self) -> tuple[str, ...]:
        """As most families call them."""
        return tuple(f"{self.containers[0]}.{names[0]}" for names in self.names)


_FUSED, _NO_GATE = ("qkv_proj", "wqkv"), ("fc1", "c_fc")
_FEED = (("gate_proj", "gate_up_proj", "w1", *_NO_GATE), ("up_proj", "gate_up_proj", "w3", *_NO_GATE), ("down_proj", "w2", "fc2", "c_proj"))  # fmt: skip
_MIXTRAL = Modules(("block_sparse_moe.experts.0",), (("w1", *_FEED[0]), ("w3", *_FEED[1]), ("w2", *_FEED[2])))
_BY_PART: Mapping[str, Modules] = MappingProxyType(
    {
        "attention": Modules(
            ("self_attn", "attention", "mixer"),
            (("q_proj", "q_b_proj", *_FUSED), ("k_proj", "kv_b_proj", *_FUSED), ("v_proj", "kv_a_proj_with_mqa", *_FUSED), ("o_proj", "wo", "dense")),
        ),
        "dense": Modules(
            ("mlp", "mlp.shared_expert", "mlp.shared_experts", "feed_forward", "feed_forward.shared_expert", "mixer.shared_experts"), _FEED
        ),
        "experts": Modules(("mlp.experts.0", "mlp.experts", "feed_forward.experts", "mixer.experts.0"), _FEED),
        "states": Modules(("linear_attn", "mamba", "mixer", "conv"), (("in_proj", "in_proj_qkvz", "in_proj_qkv"), ("out_proj",))),
    }
)  # fmt: skip


def modules_of(part: str, family: Family) -> Modules:
    """The modules of a part, linear layers ("states") among them, in a layer of a family."""
    return _MIXTRAL if part == "experts" and family.mixtral_names else _BY_PART[part]
