"""Who a student learns from: a trained estimator, or the average of the student itself."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.registry import MODELS

from .mesh_estimator import MeshEstimator

_PARTS = ('backbone', 'neck', 'head', 'auxiliary')


class Teacher(ABC):
    """A copy of the student that gets no gradient.

    It is no module of the student: a checkpoint's ``state_dict`` is that of a plain estimator. The
    copy is made when training starts (``TeacherHook``), so testing needs no memory for it.
    """

    # File with the teacher's weights, where it has one.
    checkpoint: str | None = None

    def __init__(self) -> None:
        self.model: MeshEstimator | None = None
        self.same_encoder = False

    @abstractmethod
    def start(self, student: MeshEstimator) -> None:
        """Make the copy, with the weights that the student has now."""

    def settle(self, student: MeshEstimator) -> None:
        """Note, once all weights are loaded, whether both make the same latents of images."""
        encoder = _fixed_encoder(student.backbone)
        self.same_encoder = encoder is not None and encoder == _fixed_encoder(self.model.backbone)

    @abstractmethod
    def update(self, student: MeshEstimator) -> None:
        """Follow a step of the student."""

    @abstractmethod
    def weights(self) -> dict[str, Tensor]:
        """What a checkpoint must hold for training to go on."""

    @abstractmethod
    def restore(self, weights: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`weights` gave."""


@MODELS.register_module()
class CheckpointTeacher(Teacher):
    """An estimator of the same config, with weights from a file, that never changes.

    Frozen weights that equal those of the student are kept in memory once.

    Args:
        checkpoint: Checkpoint of a plain estimator. It is read again when a run is resumed, and
            must then be the same file.
    """

    def __init__(self, *, checkpoint: str) -> None:
        super().__init__()
        self.checkpoint = checkpoint

    def start(self, student: MeshEstimator) -> None:
        """Make a copy of its own; its weights are loaded after that."""
        self.model = _copy_of(student, shared=())

    def settle(self, student: MeshEstimator) -> None:
        """Share what is equal and frozen."""
        _share_equal(student, self.model)
        super().settle(student)

    def update(self, student: MeshEstimator) -> None:
        """Nothing changes."""

    def weights(self) -> dict[str, Tensor]:
        """Nothing: the file has them."""
        return {}

    def restore(self, weights: Mapping[str, Tensor]) -> None:
        """Nothing to take back."""


@MODELS.register_module()
class EMATeacher(Teacher):
    """The exponential moving average of the student (mean teacher).

    After every step ``teacher = (1 - momentum) * teacher + momentum * student``, for what the
    student trains; the rest is shared with it, and statistics of batches are those of the student.
    A checkpoint keeps the average.

    Source: Tarvainen and Valpola, NeurIPS 2017, arXiv:1703.01780.

    Args:
        momentum: Weight of the student, in (0, 1).

    Raises:
        ValueError: the momentum is outside that range.
    """

    def __init__(self, *, momentum: float = 0.001) -> None:
        super().__init__()
        if not 0 < momentum < 1:
            raise ValueError(f'expected a momentum between 0 and 1, got {momentum}')
        self._average = get_ema_multi_avg_fn(1 - momentum)

    def start(self, student: MeshEstimator) -> None:
        """Copy what is trained, share the rest."""
        frozen = [each for each in student.parameters() if not each.requires_grad]
        self.model = _copy_of(student, shared=frozen)
        self._trained = [name for name, each in student.named_parameters() if each.requires_grad]

    @torch.no_grad()
    def update(self, student: MeshEstimator) -> None:
        """Take a step towards the student."""
        theirs = dict(student.named_parameters())
        own = list(self._own().values())
        self._average(own, [theirs[name].detach() for name in self._trained], None)
        statistics = dict(student.named_buffers())
        for name, each in self.model.named_buffers():
            if each is not statistics[name]:
                each.copy_(statistics[name])

    def weights(self) -> dict[str, Tensor]:
        """The average."""
        return {name: each.detach() for name, each in self._own().items()}

    @torch.no_grad()
    def restore(self, weights: Mapping[str, Tensor]) -> None:
        """Take back an average.

        Raises:
            ValueError: it is that of other parameters.
        """
        own = self._own()
        different = sorted(set(own) ^ set(weights))
        if different:
            raise ValueError(
                'the checkpoint has the average of other parameters than those that are trained '
                f'now: {len(different)} differ, among them {", ".join(different[:3])}. Resume with '
                'the config that the run was started with'
            )
        for name, each in own.items():
            each.copy_(weights[name])

    def _own(self) -> dict[str, nn.Parameter]:
        parameters = dict(self.model.named_parameters())
        return {name: parameters[name] for name in self._trained}


def _copy_of(student: MeshEstimator, shared: Iterable[nn.Parameter]) -> MeshEstimator:
    """An estimator with the parts of the student, in evaluation mode and without gradients.

    Args:
        student: The student.
        shared: Parameters that both have; body models are shared in any case.
    """
    bodies = [each for each in student.modules() if isinstance(each, SMPL)]
    memo = {id(each): each for each in (*shared, *bodies)}
    parts = {name: copy.deepcopy(getattr(student, name), memo) for name in _PARTS}
    return MeshEstimator(**parts).requires_grad_(False).eval()


def _fixed_encoder(backbone: nn.Module) -> str | None:
    """Fingerprint of the encoder of a backbone; None if it has none or trains it."""
    if not hasattr(backbone, 'encoder_fingerprint') or backbone.encoder_trains:
        return None
    return backbone.encoder_fingerprint()


def _share_equal(student: nn.Module, teacher: nn.Module) -> None:
    """Put frozen parameters of the student in the place of equal ones of the teacher."""
    modules = dict(student.named_modules())
    for path, module in teacher.named_modules():
        for name, own in list(module.named_parameters(recurse=False)):
            other = getattr(modules[path], name)
            if not other.requires_grad and torch.equal(own, other):
                setattr(module, name, other)
