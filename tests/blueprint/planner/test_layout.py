from __future__ import annotations

from blueprint.planner.layout import Layout, stages


def test_layers_are_dealt_to_stages_with_the_rest_before_the_last() -> None:
    assert [stage.layers for stage in stages(61, 4)] == [15, 15, 16, 15]
    assert [(stage.first, stage.last) for stage in stages(4, 2)] == [(True, False), (False, True)]


def test_a_deployment_takes_the_product_of_its_ranks() -> None:
    assert Layout(tensor=2, pipeline=3, data=4, context=2).gpus == 24
