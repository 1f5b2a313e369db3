"""Sphinx: the pages of this folder, and those that generate.py writes from the repository."""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import generate  # noqa: E402 - lies in this folder

from dpmesh_plugin import __version__ as release  # noqa: E402, F401

project = 'dpmesh_plugin'
extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon']
exclude_patterns = ['_build']
html_theme = 'furo'
html_title = 'dpmesh_plugin'
html_show_copyright = False
myst_heading_anchors = 4
autodoc_member_order = 'bysource'
autodoc_typehints = 'description'
autodoc_typehints_format = 'short'
napoleon_use_ivar = True

LINK = re.compile(r'(?<!!)\[([^\]]*)\]\((\.\./[^)#\s]*)(#[^)\s]*)?\)')


def link_out_of_docs(app, docname, content):
    """Point links to files beside docs/ at their page, or offer the file itself."""

    def replace(match):
        text, target, anchor = match.groups()
        file = (HERE / docname).parent.joinpath(target).resolve()
        page = generate.page_of(file)
        if page is None:
            return f'[{text}](path:{target})'
        up = '../' * docname.count('/')
        return f'[{text}]({up}{page}{anchor or ""})'

    content[0] = LINK.sub(replace, content[0])


def list_other_pages(app, docname, content):
    """Put pages that the start page does not name at the end of its table of contents."""
    if docname == 'index':
        listed = set(re.findall(r'^[\w/]+$', content[0], re.M))
        others = sorted({path.stem for path in HERE.glob('*.md')} - listed - {'index'})
        if others:
            pages = '\n'.join(others)
            content[0] += f'\n```{{toctree}}\n:caption: More\n:maxdepth: 1\n\n{pages}\n```\n'


def setup(app):
    """Write the generated pages before Sphinx looks for pages."""
    generate.write_pages()
    app.connect('source-read', link_out_of_docs)
    app.connect('source-read', list_other_pages)
