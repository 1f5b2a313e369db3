"""The part of the page on which keypoints are moved."""

from pathlib import Path

import gradio as gr

_FOLDER = Path(__file__).parent
_TEMPLATE = """
<div class="editor empty">
  <div class="nothing">Drop a photograph on the left.</div>
  <div class="bar">
    <button class="add" type="button">Add a person</button>
    <button class="remove" type="button">Remove the person</button>
    <span class="hint">Drag a joint to move it, click it to hide or show it.
      Drag a box to move its person, a corner to scale it.</span>
  </div>
  <canvas></canvas>
</div>
"""


def keypoint_editor(elem_id: str) -> gr.HTML:
    """Keypoints of people over a photograph, moved by dragging, hidden and shown by clicking.

    Its value is the JSON of ``Scene.for_page``. After every change it triggers the event
    ``edited``, whose data has the ``people``, as ``read_figures`` takes them; the value stays.

    A function, as Gradio writes files beside the modules of subclasses of its components.

    Args:
        elem_id: Id of its element on the page.
    """
    return gr.HTML(
        html_template=_TEMPLATE,
        css_template=(_FOLDER / 'keypoint_editor.css').read_text(encoding='utf-8'),
        js_on_load=(_FOLDER / 'keypoint_editor.js').read_text(encoding='utf-8'),
        apply_default_css=False,
        elem_id=elem_id,
    )
