"""The page."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

import gradio as gr
import numpy as np

from dpmesh_plugin.apis.image_inputs import INPUT_ERRORS
from dpmesh_plugin.utils.errors import error_words

from .demo_model import Answer, DemoModel, file_formats
from .figure import standing_figure
from .keypoint_editor import keypoint_editor
from .scene import Scene, figures_of, read_figures
from .viewer_file import view_distance, write_viewer_file

TITLE = 'DPMesh: meshes of people who are half hidden'
_DELETE_AFTER = 3600  # s that files of a visitor are kept
_INTRODUCTION = f"""# {TITLE}
Drop a photograph. Its people come from a keypoint file, from the detector if there is one, or from
*Add a person*. Move or hide a keypoint and see what becomes of the mesh."""
_NOBODY = (
    'Nobody is known in this photograph: drop a keypoint file, or use *Add a person* and drag the '
    'joints into place.'
)


@dataclass(frozen=True)
class Visit:
    """What one visitor has on the page.

    Args:
        scene: The photograph and its people; None before the first.
        answer: The meshes; None where there are none.
    """

    scene: Scene | None = None
    answer: Answer | None = None


class WebDemo:
    """The page and what happens on it.

    Args:
        model: The model.
        folder: Where files for visitors are written.
    """

    def __init__(self, *, model: DemoModel, folder: Path) -> None:
        self.model = model
        self.folder = folder
        self.template = standing_figure()

    def open(self, photo: str | None, keypoints: str | None) -> tuple[Visit, str | None, str]:
        """A photograph was dropped, or a keypoint file.

        Returns:
            The visit, what the editor shows, and a message.
        """
        if photo is None:
            return Visit(), None, ''
        try:
            scene = Scene.open(photo)
        except INPUT_ERRORS as error:
            return Visit(), None, f'This cannot be opened: {error_words(error)}'
        message = ''
        try:
            people = self.model.find_people(scene, Path(photo), keypoints)
            scene = replace(scene, people=figures_of(people, self.template))
        except (*INPUT_ERRORS, ImportError) as error:
            message = f'No people: {error_words(error)}'
        if not scene.people:
            message = message or _NOBODY
        return Visit(scene), scene.for_page(self.template), message

    def edit(self, visit: Visit, event: gr.EventData) -> tuple[Visit, str]:
        """A keypoint was moved, hidden or shown, or a person added or removed.

        Returns:
            The visit and a message.
        """
        if visit.scene is None:
            return visit, ''
        people = read_figures(event.people)
        return Visit(replace(visit.scene, people=people)), '' if people else _NOBODY

    def solve(
        self, visit: Visit, message: str, request: gr.Request
    ) -> tuple[Visit, gr.Model3D | None, np.ndarray | None, str, None]:
        """Meshes of the people.

        Returns:
            The visit, the viewer with its file, the overlay, a message, and no files to download.
        """
        if visit.scene is None or not visit.scene.people:
            return visit, None, None, message, None
        answer = self.model.answer(visit.scene)
        message = _told(answer)
        if answer.meshes is None:
            return visit, None, None, message, None
        folder = self.folder / str(request.session_hash)
        shutil.rmtree(folder, ignore_errors=True)
        # Browsers keep a file of the same name.
        path = Path(mkdtemp(dir=_made(folder))) / 'bodies.glb'
        write_viewer_file(answer.meshes, path)
        camera = (None, None, view_distance(answer.meshes))
        viewer = gr.Model3D(str(path), camera_position=camera)
        return Visit(visit.scene, answer), viewer, answer.overlay, message, None

    def write(self, visit: Visit, formats: Sequence[str], request: gr.Request) -> list[str]:
        """Files of the meshes for the visitor.

        Raises:
            gr.Error: there is no mesh, or no format.
        """
        if visit.answer is None or not formats:
            raise gr.Error('There is no mesh to write.' if formats else 'Choose a format.')
        folder = Path(mkdtemp(dir=_made(self.folder / str(request.session_hash))))
        return [str(path) for path in self.model.write(visit.answer, formats, folder)]

    def build(self) -> gr.Blocks:
        """The page."""
        with gr.Blocks(
            title=TITLE,
            fill_width=True,
            analytics_enabled=False,
            delete_cache=(_DELETE_AFTER, _DELETE_AFTER),
        ) as page:
            gr.Markdown(_INTRODUCTION)
            visit = gr.State(Visit())
            with gr.Row():
                with gr.Column(scale=2, min_width=220):
                    # An image component would refuse what this package reads, with a stack trace.
                    photo = gr.File(
                        label='Photograph', file_types=['image'], height=140, elem_id='photo'
                    )
                    keypoints = gr.File(
                        label='Keypoint file (optional)',
                        file_types=['.json'],
                        height=120,
                        elem_id='keypoints',
                    )
                    message = gr.Markdown(elem_id='message')
                with gr.Column(scale=4, min_width=360):
                    editor = keypoint_editor('editor')
                with gr.Column(scale=4, min_width=360):
                    with gr.Tab('Mesh'):
                        viewer = gr.Model3D(
                            label='Drag to turn', height=520, elem_id='viewer', interactive=False
                        )
                    with gr.Tab('Over the photograph'):
                        overlay = gr.Image(
                            label='Prediction', format='png', interactive=False, elem_id='overlay'
                        )
            with gr.Accordion('Download', open=True):
                with gr.Row():
                    formats = gr.CheckboxGroup(
                        file_formats(), value=['npz', 'glb'], label='Formats', scale=3
                    )
                    button = gr.Button('Write the files', elem_id='write', scale=1)
                files = gr.Files(label='Files', interactive=False, elem_id='files')

            shown = [visit, viewer, overlay, message, files]
            for given in (photo, keypoints):
                gr.on(
                    [given.upload, given.clear],
                    self.open,
                    [photo, keypoints],
                    [visit, editor, message],
                ).then(self.solve, [visit, message], shown)
            editor.edited(self.edit, [visit], [visit, message], trigger_mode='always_last').then(
                self.solve, [visit, message], shown
            )
            button.click(self.write, [visit, formats], files)
        return page


def _told(answer: Answer) -> str:
    """What came of it, in words."""
    count = 0 if answer.meshes is None else answer.meshes.num_persons
    lines = [f'{count} {"person" if count == 1 else "people"} in {answer.seconds:.1f} s.']
    lines += [f'Left out: {problem}' for problem in answer.problems]
    return '\n\n'.join(lines)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
