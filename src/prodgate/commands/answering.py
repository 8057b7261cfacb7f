"""Questions whose answer needs a team's modules, which are imported in a process of their own."""

from pathlib import Path
from tempfile import TemporaryDirectory

from ..criteria import UsageError
from ..processes.regular_files import read_measured
from ..run.children import ask_child
from ..semantics.json_texts import read_json


def ask(question: str, criteria: Path, *words: str) -> str:
    """Return the answer of ``answer_process.py`` about a project. Raises UsageError when it gives none."""
    with TemporaryDirectory(prefix="prodgate-") as made:
        answer = Path(made, "answer.json")
        given = (question, str(criteria.absolute()), str(answer), *words)
        done, ended = ask_child("prodgate.commands.answer_process", *given, cwd=Path.cwd())
        if done and done.code == 4:
            raise UsageError(done.stderr.strip())
        try:
            text = read_json(read_measured(answer))
        except (OSError, ValueError):
            text = None
    if not isinstance(text, str):
        how = ended or "ended without an answer"
        raise UsageError(f"{criteria}: the process that loads the modules of this project {how}; mend the module")
    return text
