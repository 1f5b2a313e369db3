from importlib import import_module

import mmengine.registry
import pytest
from mmengine.registry import Registry

from dpmesh_plugin import registry


def test_every_mmengine_node_is_a_child_with_locations():
    for name, node in vars(mmengine.registry).items():
        if isinstance(node, Registry):
            child = getattr(registry, name)
            assert child.parent is node, name
            assert child.scope == 'dpmesh_plugin'
            assert child._locations, name


@pytest.mark.parametrize('build', [registry.MODELS.build, mmengine.registry.MODELS.build])
def test_an_unknown_name_lists_the_known_ones(build):
    with pytest.raises(KeyError, match='unknown model .*MeshEstimatr.*MeshEstimator'):
        build({'type': 'MeshEstimatr'})


def test_a_part_may_come_built_or_as_a_config_that_leaves_sizes_out():
    config = {'type': 'MaskedL1Loss', 'factor': 2.0}
    loss = registry.MODELS.build_part(config, factor=3.0, reduction='none')
    assert (loss.factor, loss.reduction) == (2.0, 'none')
    assert registry.MODELS.build_part(loss, factor=3.0) is loss
    assert registry.MODELS.build_part(None, factor=3.0) is None


@pytest.mark.parametrize(
    'room',
    [
        *('body_models', 'engine', 'evaluation', 'models', 'synthesis', 'visualization'),
        *('apis.detectors', 'apis.exporters', 'datasets.transforms'),
    ],
)
def test_a_room_exports_what_it_registers(room):
    package = import_module(f'dpmesh_plugin.{room}')
    nodes = [node for node in vars(registry).values() if isinstance(node, registry.ListingRegistry)]
    found = {part for node in nodes for part in node.module_dict.values()}
    own = {part.__name__ for part in found if part.__module__.startswith(f'{package.__name__}.')}
    assert own <= set(package.__all__)
