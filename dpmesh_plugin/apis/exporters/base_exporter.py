"""What all exporters have in common."""

from abc import ABC, abstractmethod
from pathlib import Path

from torch import nn

from dpmesh_plugin.apis.mesh_sequence import MeshSequence


class BaseExporter(ABC):
    """Writes the persons of a photograph or video in one format.

    A subclass is registered in ``EXPORTERS`` under the name of its format and says in the first
    line of its docstring what it writes; that is the help of ``tools/export.py``.
    """

    @abstractmethod
    def export(self, sequence: MeshSequence, body_model: nn.Module, stem: Path) -> list[Path]:
        """Write the files.

        Args:
            sequence: Photograph or video.
            body_model: The body model of its parameters, on the CPU.
            stem: Folder and first part of the names, for example ``out/photo``.

        Returns:
            The files written.

        Raises:
            ValueError: there is no person, or the body model is another one.
        """


def frame_file(stem: Path, number: int, label: str, suffix: str) -> Path:
    """Name of a file that holds one frame.

    ``out/photo_person3.obj`` for a photograph, ``out/video_obj/person3_000012.obj`` for frame 12 of
    a video: programs that read numbered files want a folder with nothing else.

    Args:
        stem: Folder and first part of the name.
        number: Frame number, -1 for a photograph.
        label: What of the frame it holds.
        suffix: Suffix without a dot.
    """
    if number < 0:
        return stem.with_name(f'{stem.name}_{label}.{suffix}')
    return stem.with_name(f'{stem.name}_{suffix}') / f'{label}_{number:06d}.{suffix}'
