"""How a model is spread over GPUs."""

from __future__ import annotations

from typing import NamedTuple


class Layout(NamedTuple):
    """How many ranks share what."""

    tensor: int = 1
    pipeline: int = 1
    data: int = 1
    expert: bool = False
    context: int = 1
    """Decode context parallel: so many ranks share the tokens of a sequence."""

    @property
    def gpus(self) -> int:
        """All GPUs of one deployment."""
        return self.tensor * self.pipeline * self.data

    @property
    def slices(self) -> int:
        """Parts into which one expert is cut: as many as there are tensor and data ranks, one with expert parallelism.

        FusedMoEParallelConfig.make of 0.33.0.
        """
        return 1 if self.expert else self.tensor * self.data

    def share_of(self, experts: int) -> float:
        """Share of a layer's experts on the rank that holds the most: whole ones with expert parallelism, else a slice of each.

        vllm/model_executor/layers/fused_moe/expert_map_manager.py of 0.33.0 deals what is left over to the first ranks.
        """
        ranks = self.tensor * self.data
        return -(-experts // ranks) / experts if self.expert else 1 / ranks


class Stage(NamedTuple):
    """One stage of a pipeline: its layers out of all, and what else it holds."""

    layers: int
    of: int
    first: bool
    last: bool


def stages(layers: int, pipeline: int) -> tuple[Stage, ...]:
    """Layers by stage as vLLM deals them: what is left over goes to the stages before the last."""
    counts = [layers // pipeline] * pipeline
    for over in range(layers % pipeline):
        counts[-(over + 2) % pipeline] += 1
    return tuple(Stage(count, layers, index == 0, index == pipeline - 1) for index, count in enumerate(counts))
