"""Skinned bodies of several genders behind one call."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .smpl_layer import SMPLLayer

NUM_BODY_JOINTS = 23
NUM_BETAS = 10


class BodyModelOutput(NamedTuple):
    """What a body model returns.

    Args:
        vertices: ``(B, V, 3)``, m, in the axes of ``global_orient`` and ``transl``.
        joints: Posed joints of the kinematic tree ``(B, 24, 3)``, m.
    """

    vertices: Tensor
    joints: Tensor


class BodyLayers(nn.Module):
    """One :class:`SMPLLayer` per gender, chosen per sample.

    Args:
        layers: Layer of every gender; all have the same vertices.
    """

    def __init__(self, *, layers: Mapping[str, SMPLLayer]) -> None:
        super().__init__()
        self.layers = nn.ModuleDict(layers)

    @property
    def genders(self) -> tuple[str, ...]:
        """Genders that were loaded."""
        return tuple(self.layers)

    @property
    def num_vertices(self) -> int:
        """Number of vertices V."""
        return self._first.weights.shape[1]

    @property
    def parents(self) -> tuple[int, ...]:
        """Parent of each of the 24 joints, -1 for the root."""
        return self._first.parents

    @property
    def _first(self) -> SMPLLayer:
        return next(iter(self.layers.values()))

    def forward(
        self,
        *,
        global_orient: Tensor,
        body_pose: Tensor,
        betas: Tensor,
        transl: Tensor | None = None,
        gender: str | Sequence[str] = 'neutral',
    ) -> BodyModelOutput:
        """Vertices and joints of a batch of bodies.

        Computed in the data type of the buffers, also under autocast: half precision moves
        vertices by millimetres.

        Args:
            global_orient: Root axis-angle ``(B, 3)``, radians.
            body_pose: Axis-angle of joints 1 to 23 ``(B, 23, 3)``, radians.
            betas: Shape coefficients ``(B, 10)``.
            transl: Translation ``(B, 3)``, m; None leaves the body where the model file puts it.
            gender: One for all samples, or one per sample.

        Returns:
            Vertices ``(B, V, 3)`` and joints ``(B, 24, 3)``, m.

        Raises:
            ValueError: a shape is wrong, or there are not as many genders as samples.
            KeyError: a gender was not loaded.
        """
        parameters = [global_orient, body_pose, betas]
        if transl is not None:
            parameters.append(transl)
        _check_shapes(*parameters)
        parameters = [value.to(self._first.weights.dtype) for value in parameters]
        batch = len(global_orient)
        genders = [gender] * batch if isinstance(gender, str) else list(gender)
        self._check_genders(genders, batch)
        with torch.autocast(global_orient.device.type, enabled=False):
            if len(set(genders)) <= 1:
                layer = self.layers[genders[0]] if genders else self._first
                return BodyModelOutput(*layer(*parameters))
            return self._mixed(genders, parameters)

    def subset(self, vertex_ids: Tensor | Sequence[int]) -> 'BodyLayers':
        """A smaller model with the same forward that computes only some vertices.

        Args:
            vertex_ids: Vertices to keep ``(V',)``, in the order wanted.

        Raises:
            ValueError: an id is not a vertex of this model.
        """
        ids = torch.as_tensor(vertex_ids, dtype=torch.int64, device=self._first.weights.device)
        if ids.ndim != 1 or ids.numel() == 0 or ids.min() < 0 or ids.max() >= self.num_vertices:
            raise ValueError(
                f'vertex_ids must be a non-empty list out of 0..{self.num_vertices - 1}, got shape '
                f'{tuple(ids.shape)} with values {ids.flatten()[:5].tolist()} ...'
            )
        return BodyLayers(layers={name: layer.subset(ids) for name, layer in self.layers.items()})

    def _mixed(self, genders: list[str], parameters: list[Tensor]) -> BodyModelOutput:
        """Run every gender on its samples and put the results back in order."""
        parts, order = [], []
        for name in dict.fromkeys(genders):
            rows = [row for row, other in enumerate(genders) if other == name]
            parts.append(self.layers[name](*(value[rows] for value in parameters)))
            order += rows
        back = torch.tensor(order, device=parameters[0].device).argsort()
        vertices, joints = (torch.cat(results)[back] for results in zip(*parts, strict=True))
        return BodyModelOutput(vertices, joints)

    def _check_genders(self, genders: list[str], batch: int) -> None:
        if len(genders) != batch:
            raise ValueError(
                f'gender must be one name or one per sample: {batch} samples, {len(genders)} names.'
            )
        unknown = sorted(set(genders) - set(self.layers))
        if unknown:
            raise KeyError(
                f'gender {unknown[0]!r} was not loaded; loaded: {", ".join(self.genders)}. Build '
                f'the body model with genders={(*self.genders, unknown[0])}.'
            )


def _check_shapes(
    global_orient: Tensor, body_pose: Tensor, betas: Tensor, transl: Tensor | None = None
) -> None:
    """Refuse parameters whose shapes do not belong to one batch."""
    batch = global_orient.shape[0] if global_orient.ndim else 0
    wanted = {
        'global_orient': (global_orient, (batch, 3)),
        'body_pose': (body_pose, (batch, NUM_BODY_JOINTS, 3)),
        'betas': (betas, (batch, NUM_BETAS)),
    }
    if transl is not None:
        wanted['transl'] = (transl, (batch, 3))
    for name, (value, shape) in wanted.items():
        if tuple(value.shape) != shape:
            raise ValueError(
                f'body model expects {name} of shape {shape} for a batch of {batch}, got '
                f'{tuple(value.shape)}.'
            )
