"""Result files to the formats of other programs, in one call."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from dpmesh_plugin.apis.inference_report import make_folder
from dpmesh_plugin.apis.mesh_sequence import list_sequences
from dpmesh_plugin.registry import EXPORTERS
from dpmesh_plugin.utils.errors import error_words


@dataclass
class ExportReport:
    """What came of an export.

    Args:
        files: Files written.
        problems: What was left out and why, without repetition.
    """

    files: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def export_results(
    inputs: str | Path,
    formats: Sequence[str],
    out_dir: str | Path,
    *,
    body_model: nn.Module,
    frame_rate: float | None = None,
) -> ExportReport:
    """Write result files in other formats. One that cannot be read does not stop the rest.

    Example:
        >>> report = export_results('out/photo.npz', ['glb', 'bvh'], 'export', body_model=SMPL())
        >>> report.files
        [PosixPath('export/photo.glb'), PosixPath('export/photo_person1.bvh')]

    Args:
        inputs: A result file, or a folder of them or of videos; see
            :func:`~.mesh_sequence.list_sequences`.
        formats: Names out of the registry ``EXPORTERS``.
        out_dir: Folder for the files.
        body_model: The body model that the results were made with, on the CPU.
        frame_rate: Frames per second, if the folder holds the frames of one video and the files do
            not say so.

    Raises:
        KeyError: unknown format; the message lists the formats.
        FileNotFoundError: no result file.
        ValueError: see :func:`~.mesh_sequence.list_sequences`.
        OSError: ``out_dir`` cannot be made or written to.
    """
    exporters = [EXPORTERS.build({'type': name}) for name in formats]
    sequences = list_sequences(inputs, frame_rate=frame_rate)
    folder = make_folder(out_dir)
    report = ExportReport()
    for sequence in sequences:
        for exporter in exporters:
            try:
                report.files += exporter.export(sequence, body_model, folder / sequence.name)
            except (OSError, ValueError, KeyError) as error:
                message = error_words(error)
                if message not in report.problems:
                    report.problems.append(message)
    return report
