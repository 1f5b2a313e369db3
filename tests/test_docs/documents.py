"""What the documents show: commands, Python blocks, links and words of code."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TABLE = yaml.safe_load((Path(__file__).parent / 'commands.yaml').read_text())
FENCE = re.compile(
    r'^(?P<ticks>```+)(?P<kind>\w*)[^\n]*\n(?P<body>.*?)^(?P=ticks)\s*$', re.M | re.S
)
SHELL = ('bash', 'console', 'sh', 'shell')
# What stands for something of the reader's own, whole words only.
WORDS = {re.compile(rf'(?<![\w./]){re.escape(k)}(?![\w])'): v for k, v in TABLE['words'].items()}
PROGRAMS = ('python tools/', 'make ', 'pip ')


def documents() -> list[Path]:
    """README, the pages of docs/, the READMEs of projects."""
    pages = [ROOT / 'README.md', *(ROOT / 'docs').glob('*.md')]
    return [*sorted(pages), *sorted((ROOT / 'projects').rglob('*.md'))]


@dataclass(frozen=True)
class Command:
    """A command as a document shows it.

    Args:
        document: Path of the document from the root.
        text: The command on one line, without comment and without optional parts in brackets.
    """

    document: str
    text: str

    @property
    def line(self) -> str:
        """The command with words for the reader's own things filled in."""
        line = self.text
        for word, filled in WORDS.items():
            line = word.sub(filled, line)
        return line

    @property
    def environment(self) -> dict[str, str]:
        """Variables that are set before the program."""
        words = shlex.split(self.line)
        return dict(word.split('=', 1) for word in words[: self._start(words)])

    @property
    def words(self) -> list[str]:
        """The program and its arguments."""
        words = shlex.split(self.line)
        return words[self._start(words) :]

    @property
    def row(self) -> dict | None:
        """The first row of the table whose pattern the command matches; None if there is none."""
        rows = (row for row in TABLE['rows'] if re.search(row['match'], self.text))
        return next(rows, None)

    @staticmethod
    def _start(words: list[str]) -> int:
        return next(i for i, word in enumerate(words) if not re.match(r'[A-Z_]+=', word))


def commands() -> list[Command]:
    """All commands: of shell blocks, and of inline code that begins with a program.

    Inline code with a tool and no arguments only names the tool.
    """
    found = []
    for path in documents():
        text = path.read_text()
        lines = [
            line
            for match in FENCE.finditer(text)
            if match['kind'] in SHELL
            for line in _lines(match['body'], prompt=match['kind'] == 'console')
        ]
        lines += [
            code
            for code in inline_code(text)
            if code.startswith(PROGRAMS) and not re.fullmatch(r'python \S+', code)
        ]
        found += [Command(str(path.relative_to(ROOT)), line) for line in lines]
    return list(dict.fromkeys(found))


def _lines(body: str, *, prompt: bool) -> list[str]:
    """Commands of a block; where it shows a prompt only what follows one."""
    lines = body.replace('\\\n', ' ').splitlines()
    if prompt:
        lines = [line.removeprefix('$ ') for line in lines if line.startswith('$ ')]
    lines = [re.sub(r'(^|\s)#.*$|\s\[[^\]=]*\]', '', line) for line in lines]
    return [' '.join(line.split()) for line in lines if line.strip()]


def python_blocks() -> list[tuple[str, int, str]]:
    """Document, line and text of every Python block."""
    return [
        (str(path.relative_to(ROOT)), path.read_text()[: match.start()].count('\n') + 1, body)
        for path in documents()
        for match in FENCE.finditer(path.read_text())
        if match['kind'] == 'python' and (body := match['body'])
    ]


def inline_code(text: str) -> list[str]:
    """Inline code of a document, outside blocks, each on one line."""
    prose = FENCE.sub('', text)
    return [' '.join(code.split()) for code in re.findall(r'`([^`]+)`', prose)]
