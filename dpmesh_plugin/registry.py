"""Every registry node of mmengine as a child of this package, and nodes of our own.

All nodes are declared, also those without a component yet: the runner looks each of them up under
``default_scope`` and warns about every one it does not find.
"""

from typing import Any

from mmengine import registry as mmengine_registry
from mmengine.registry import Registry

SCOPE = 'dpmesh_plugin'


class ListingRegistry(Registry):
    """A registry that takes parts built or as configs, and lists its names for an unknown one."""

    def get(self, key: str) -> Any:
        """The component of that name, from this node or its parents.

        Raises:
            KeyError: there is none.
        """
        found = super().get(key)
        if found is None:
            raise KeyError(
                f'unknown {self.name} {key!r}; {self.scope} has: '
                f'{", ".join(sorted(self.module_dict)) or "none of its own"}. A component from '
                'elsewhere is imported through custom_imports of the config'
            )
        return found

    def __contains__(self, key: str) -> bool:
        return super().get(key) is not None

    def build_part(self, part: Any, **sizes: Any) -> Any:
        """Build ``part`` where it is a config; return it unchanged where it is built already.

        Args:
            part: Config with a ``type``, or what it would build; None for a part that is left out.
            sizes: Constructor arguments known from neighbouring parts, used where the config leaves
                them out.
        """
        return self.build({**sizes, **part}) if isinstance(part, dict) else part


def _child(parent: Registry, *rooms: str) -> Registry:
    """A node of the same name below ``parent`` whose components live in ``rooms``."""
    locations = [f'{SCOPE}.{room}' for room in rooms]
    return ListingRegistry(parent.name, parent=parent, scope=SCOPE, locations=locations)


RUNNERS = _child(mmengine_registry.RUNNERS, 'engine')
RUNNER_CONSTRUCTORS = _child(mmengine_registry.RUNNER_CONSTRUCTORS, 'engine')
LOOPS = _child(mmengine_registry.LOOPS, 'engine')
HOOKS = _child(mmengine_registry.HOOKS, 'engine')
STRATEGIES = _child(mmengine_registry.STRATEGIES, 'engine')
LOG_PROCESSORS = _child(mmengine_registry.LOG_PROCESSORS, 'engine')
OPTIMIZERS = _child(mmengine_registry.OPTIMIZERS, 'engine')
OPTIM_WRAPPERS = _child(mmengine_registry.OPTIM_WRAPPERS, 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(mmengine_registry.OPTIM_WRAPPER_CONSTRUCTORS, 'engine')
PARAM_SCHEDULERS = _child(mmengine_registry.PARAM_SCHEDULERS, 'engine')
DATASETS = _child(mmengine_registry.DATASETS, 'datasets')
DATA_SAMPLERS = _child(mmengine_registry.DATA_SAMPLERS, 'datasets')
TRANSFORMS = _child(mmengine_registry.TRANSFORMS, 'datasets')
FUNCTIONS = _child(mmengine_registry.FUNCTIONS, 'datasets')
MODELS = _child(mmengine_registry.MODELS, 'models')
MODEL_WRAPPERS = _child(mmengine_registry.MODEL_WRAPPERS, 'models')
WEIGHT_INITIALIZERS = _child(mmengine_registry.WEIGHT_INITIALIZERS, 'models')
TASK_UTILS = _child(mmengine_registry.TASK_UTILS, 'models')
METRICS = _child(mmengine_registry.METRICS, 'evaluation')
EVALUATOR = _child(mmengine_registry.EVALUATOR, 'evaluation')
VISUALIZERS = _child(mmengine_registry.VISUALIZERS, 'visualization')
VISBACKENDS = _child(mmengine_registry.VISBACKENDS, 'visualization')
INFERENCERS = _child(mmengine_registry.INFERENCERS, 'apis')

BODY_MODELS = ListingRegistry('body model', scope=SCOPE, locations=[f'{SCOPE}.body_models'])
DETECTORS = ListingRegistry('keypoint detector', scope=SCOPE, locations=[f'{SCOPE}.apis'])
EXPORTERS = ListingRegistry('export format', scope=SCOPE, locations=[f'{SCOPE}.apis.exporters'])
OCCLUDERS = ListingRegistry(
    'source of occluders', scope=SCOPE, locations=[f'{SCOPE}.datasets', f'{SCOPE}.synthesis']
)
