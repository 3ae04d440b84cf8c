"""``backup`` and ``restore``: the store as one file, and back."""

from dataclasses import asdict
from pathlib import Path

import click

from swarm_memory.cli._printing import count_of, hint, print_json
from swarm_memory.transports.importing import quick_imports

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON: what the backup was found to hold.")
def backup(file: Path, *, as_json: bool) -> None:
    """Copy the whole store to FILE, which must not exist yet.

    Servers may run and write meanwhile: FILE holds the store as it is at one moment, with every write that was
    acknowledged before the command began. It is read back and checked before it gets its name.
    """
    with quick_imports():
        from swarm_memory.cli._backing import run_backup  # noqa: PLC0415 - brings the store; --help needs none of it

    facts = run_backup(file)
    if as_json:
        print_json({"file": str(file), **asdict(facts)})
        return
    click.echo(
        f"backed up {count_of(facts.memories, 'memory', 'memories')} and "
        f"{count_of(facts.versions, 'past version', 'past versions')} to {file}: {facts.bytes:,} bytes, read back and "
        "sound"
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--replace", is_flag=True, help="Put it in the place of the store that is there; that one is gone then.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON: what the store holds now.")
def restore(file: Path, *, replace: bool, as_json: bool) -> None:
    """Make the backup FILE the local store.

    It is checked first: that it is a store, that it is sound, that this version can work with it. Where a store is
    there already, --replace is needed. Servers that run go on with what was restored, from their next call on.
    """
    with quick_imports():
        from swarm_memory.cli._backing import run_restore  # noqa: PLC0415 - brings the store; --help needs none of it

    restored = run_restore(file, replace=replace)
    if as_json:
        aside = str(restored.aside) if restored.aside else None
        print_json({**asdict(restored.facts), "replaced": restored.replaced, "aside": aside})
        return
    click.echo(
        f"restored {count_of(restored.facts.memories, 'memory', 'memories')} and "
        f"{count_of(restored.facts.versions, 'past version', 'past versions')} from {file}"
    )
    if restored.aside:
        hint(
            f"The file that was there is no database any more. It is kept as {restored.aside}; start the servers anew."
        )
