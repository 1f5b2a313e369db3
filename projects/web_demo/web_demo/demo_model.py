"""From the people on the page to meshes and files."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from dpmesh_plugin.apis import ImageMeshes, MeshInferencer, read_keypoints, save_meshes
from dpmesh_plugin.apis.detectors import BaseDetector
from dpmesh_plugin.apis.exporters import BaseExporter
from dpmesh_plugin.apis.mesh_sequence import MeshSequence
from dpmesh_plugin.apis.person import Person
from dpmesh_plugin.registry import EXPORTERS
from dpmesh_plugin.visualization import save_image

from .scene import Scene

NATIVE_FORMAT = 'npz'


@dataclass(frozen=True)
class Answer:
    """What the model says about a scene.

    Args:
        meshes: The bodies; None where nobody could be used.
        overlay: (H, W, 3) uint8 RGB, the bodies over the photograph.
        seconds: How long it took.
        problems: People that were left out, and why.
    """

    meshes: ImageMeshes | None
    overlay: np.ndarray | None
    seconds: float
    problems: tuple[str, ...]


class PeopleOfScene(BaseDetector):
    """Finds the people that the page shows, whatever the image.

    Args:
        scene: The photograph and its people.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def detect(self, image: np.ndarray, *, name: str | Path = '') -> tuple[Person, ...]:
        """The people of the page."""
        return tuple(figure.to_person() for figure in self.scene.people)


class DemoModel:
    """The model behind the page.

    Args:
        config: Config file.
        checkpoint: Its weights.
        device: See :class:`~dpmesh_plugin.apis.MeshInferencer`.
        cfg_options: Entries to change in the config, by dotted key.

    Raises:
        FileNotFoundError: config or checkpoint are missing.
        ValueError: the checkpoint does not fit, or the device is not there.
    """

    def __init__(
        self,
        *,
        config: str | Path,
        checkpoint: str | Path,
        device: str = 'auto',
        cfg_options: Mapping[str, Any] | None = None,
    ) -> None:
        self.inferencer = MeshInferencer(config, checkpoint, device=device, cfg_options=cfg_options)

    def find_people(
        self, scene: Scene, photo: Path, keypoints: str | Path | None
    ) -> Sequence[Person]:
        """The people of a photograph: those of a keypoint file, or those that the detector finds.

        Args:
            scene: The photograph.
            photo: Its file name, by which the keypoint file is searched.
            keypoints: Keypoint file; None for the detector of the config.

        Returns:
            The people, without those whose keypoints are not finite; nobody where there is neither
            file nor detector.

        Raises:
            KeyError: the keypoint file does not have the photograph, or has strange joints.
            ValueError: it is no keypoint file.
            ImportError: what the detector needs is not installed.
        """
        if keypoints is not None:
            file = read_keypoints(keypoints)
            # A browser does not tell the folder of a photograph.
            images = [replace(entry, name=PurePath(entry.name).name) for entry in file.images]
            people = replace(file, images=tuple(images)).detect(scene.image, name=photo)
            return [person for person in people if person.is_finite]
        if self.inferencer.cfg.get('detector') is None:
            return ()
        return self.inferencer.detector.detect(scene.image, name=photo)

    def answer(self, scene: Scene) -> Answer:
        """Meshes of the people of a scene."""
        start = time.perf_counter()
        report = self.inferencer(scene.image, keypoints=PeopleOfScene(scene))
        seconds = time.perf_counter() - start
        problems = tuple(
            problem.message
            if problem.person_id is None
            else f'person {problem.person_id}: {problem.message}'
            for problem in report.problems
        )
        if not report.meshes:
            return Answer(None, None, seconds, problems)
        meshes = replace(report.meshes[0], image=scene.name)
        return Answer(meshes, report.pictures[0], seconds, problems)

    def write(self, answer: Answer, formats: Sequence[str], folder: Path) -> list[Path]:
        """Write the meshes of an answer.

        Args:
            answer: With meshes.
            formats: Of :func:`file_formats`.
            folder: Where to; it is made.

        Returns:
            The files, in the order of the formats.

        Raises:
            KeyError: unknown format.
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        stem = folder / answer.meshes.image
        sequence = MeshSequence(answer.meshes.image, [answer.meshes])
        body_model = self.inferencer.model.body_model.cpu()
        files = []
        for name in formats:
            if name == NATIVE_FORMAT:
                files += _write_native(answer, stem)
                continue
            exporter: BaseExporter = EXPORTERS.build({'type': name})
            files += exporter.export(sequence, body_model, stem)
        return files


def file_formats() -> list[str]:
    """Formats that an answer can be written in: that of result files, then all exporters."""
    return [NATIVE_FORMAT, *sorted(EXPORTERS.module_dict)]


def _write_native(answer: Answer, stem: Path) -> list[Path]:
    """The result file and the overlay."""
    result, overlay = stem.with_name(f'{stem.name}.npz'), stem.with_name(f'{stem.name}_overlay.png')
    save_meshes(answer.meshes, result)
    save_image(answer.overlay, overlay)
    return [result, overlay]
