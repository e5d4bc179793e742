"""`query --subjects`: from a list to an output, by way of a folder that survives an interruption.

Nothing is asked while a line of the list is wrong, unless it may be left out. The output appears when every chunk
has an answer; what failed in part is said and can be asked again. Exit codes are those of `query`, the worst wins.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gateway.cli.asking import PARTIAL, REFUSED, AskingError, Demo, outcome
from gateway.cli.batch.keeping import Kept, keep
from gateway.cli.batch.lists import SubjectList, read_list
from gateway.cli.batch.progress import watching
from gateway.cli.batch.question import Question, question_of
from gateway.cli.batch.rounds import Ended, Rounds
from gateway.cli.batch.tables import Cell, Row, Tables
from gateway.cli.batch.verdicts import worst
from gateway.cli.batch.whole import Whole, whole_of
from gateway.cli.batch.writing import ENDINGS, taken_by, write_json, write_tables

MAX_TOLD = 100  # wrong lines told one by one
NAMES_CHECK = (
    "names are a check: records under another name, such as a former one, are not answered; "
    "without the column `name` codes alone are asked"
)


def ask_about(
    demo: Demo,
    file: str,
    text: str,
    variables: Mapping[str, Any],
    how: Mapping[str, Any],
    *,
    subjects: Path | None,
    out: Path | None,
    skip_wrong: bool,
    retry_partial: bool,
    jobs: int,
    patience: int,
) -> int:
    """The exit code. `how` is what `Demo.post` takes beside the query. Raises AskingError."""
    if subjects is None or out is None:
        raise AskingError("--subjects and --out go together: a list to ask about, and where the answers go")
    if out.suffix.lower() not in ENDINGS:
        raise AskingError(f"{out}: the output ends in {', '.join(ENDINGS)}")
    question = question_of(text, variables)
    known = _checked(subjects, read_list(subjects), skip_wrong)
    folder = out.with_name(out.name + ".partial")
    if not folder.exists() and (taken := taken_by(out)):
        raise AskingError(f"{taken} is there already; move it, or name another --out")
    asked = {
        "query": text,
        "list": [[item.line, item.kind, item.code, item.name] for item in known.subjects],
        "caller": how["as_"],
        "purpose": how["purpose"],
        "options": {"variables": dict(variables), **{word: str(how[word]) for word in how}},
    }
    begins = not folder.exists()
    with keep(out, asked) as kept:
        if begins:
            click.echo(f"{folder} keeps answers until the output is whole; you alone can read it", err=True)
        count = len(known.subjects)
        if kept.ranges():
            click.echo(f"{folder}, begun {kept.begun}, holds {_answered(kept, count)} of {count} subjects", err=True)
        missing = kept.missing(count)
        if retry_partial:
            missing = sorted({*missing, *whole_of(question, kept.chunks()).mendable})
        with watching(count) as told:
            for range_ in kept.ranges():
                if range_ not in missing:
                    told.answered(range_, kept.load(range_).body, known=True)
            post = lambda given: demo.post(text, given, **how)  # noqa: E731
            rounds = Rounds(post, question.variable, variables, known.subjects, kept, told, jobs, patience)
            ended = rounds.run(missing) if missing else Ended([])
        if kept.missing(count) or ended.refused or ended.broken or ended.stopped:
            return _unfinished(kept, count, ended)
        words = [file, "--as", how["as_"], *(["--purpose", how["purpose"]] if how["purpose"] else [])]
        command = shlex.join(["credit-gateway", "query", *words, "--subjects", subjects.name, "--out", out.name])
        return _finish(out, kept, question, known, command)


def _checked(path: Path, found: SubjectList, skip_wrong: bool) -> SubjectList:
    aside = f"; {found.aside} other columns left aside" if found.aside else ""
    click.echo(f"{path} read as {found.read_as}: {len(found.subjects)} subjects{aside}", err=True)
    told = [f"{path}:{item.line}: {item.why}" for item in found.wrong[:MAX_TOLD]]
    if len(found.wrong) > MAX_TOLD:
        told.append(f"and {len(found.wrong) - MAX_TOLD} more")
    if found.wrong and not skip_wrong:
        told.append("nothing was asked; mend these lines, or leave them out with --skip-wrong")
        raise AskingError("\n".join(told))
    if not found.subjects:
        raise AskingError("\n".join([*told, f"{path} holds no subject to ask about"]))
    for line in told:
        click.echo(line, err=True)
    if any(subject.name for subject in found.subjects):
        click.echo(NAMES_CHECK, err=True)
    return found


def _unfinished(kept: Kept, count: int, ended: Ended) -> int:
    """Say why, and what to do. What is answered stays; a folder without an answer goes."""
    code = PARTIAL
    if ended.refused:
        code = outcome(ended.refused.status, ended.refused.body) or REFUSED
        for error in ended.refused.body.get("errors", ()):
            click.echo(f"refused: {error.get('extensions', {}).get('code')}: {error.get('message')}", err=True)
    if ended.broken:
        code = REFUSED
        click.echo(str(ended.broken), err=True)
    answered = _answered(kept, count)
    if not answered:
        kept.remove()
        click.echo(f"0 of {count} subjects answered; nothing is kept", err=True)
    else:
        click.echo(f"{answered} of {count} subjects answered; {kept.folder} keeps them", err=True)
        click.echo("run the same command again: it asks only what is missing", err=True)
    return 128 + ended.stopped if ended.stopped else code


def _answered(kept: Kept, count: int) -> int:
    return count - sum(end - start for start, end in kept.missing(count))


def _finish(out: Path, kept: Kept, question: Question, known: SubjectList, command: str) -> int:
    whole = whole_of(question, kept.chunks())
    try:
        if out.suffix.lower() == ".json":
            write_json(out, kept, question, whole, known.subjects, known.wrong)
        else:
            about = _about(kept, whole, known, command)
            write_tables(out, kept, Tables(question, whole, known.subjects, known.wrong, about))
    except OSError:
        raise AskingError(f"{out} cannot be written; is the disk full? {kept.folder} keeps the answers") from None
    counts = whole.counts()
    click.echo(f"{out}: {', '.join(f'{number} {word}' for word, number in counts.items())}")
    if len(whole.policies) > 1:
        click.echo("the policy changed while this was asked: what came under the older one counts as partial", err=True)
    if whole.mendable:
        number = sum(end - start for start, end in whole.mendable)
        click.echo(f"{number} subjects failed in part; ask these again with --retry-partial", err=True)
        click.echo(f"{kept.folder} keeps the answers for it; delete the folder when you do not want that", err=True)
    else:
        kept.remove()
    return worst([whole.exit_code])


def _about(kept: Kept, whole: Whole, known: SubjectList, command: str) -> Sequence[Row]:
    failures = [f"{error['extensions']['code']}: {error['message']}" for error in whole.errors]
    rows: list[tuple[str, Cell]] = [
        ("begun", kept.begun),
        ("written", datetime.now(UTC).isoformat(timespec="seconds")),
        ("command", command),
        ("list", f"{known.name}, read as {known.read_as}"),
        ("complete", whole.complete),
        *((f"subjects {word}", number) for word, number in whole.counts().items()),
        *([("names", NAMES_CHECK)] if any(subject.name for subject in known.subjects) else []),
        *(("policy", policy) for policy in whole.policies),
        *(("decision", decision) for decision in whole.decisions),
        *(("obligation", obligation) for obligation in whole.obligations),
        *(("error", failure) for failure in dict.fromkeys(failures)),
    ]
    return [[what, value] for what, value in rows]
