import mmengine.registry
from mmengine.registry import Registry

from dpmesh_plugin import registry


def test_every_mmengine_node_is_a_child_with_locations():
    for name, node in vars(mmengine.registry).items():
        if isinstance(node, Registry):
            child = getattr(registry, name)
            assert child.parent is node, name
            assert child.scope == 'dpmesh_plugin'
            assert child._locations, name
