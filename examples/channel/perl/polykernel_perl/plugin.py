"""What the entry point names: the facts of Perl, the program that evaluates it, code to try it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from polykernel import Language, hookimpl

if TYPE_CHECKING:
    from polykernel import Samples

PROGRAM = Path(__file__).with_name("evaluator.pl")


@hookimpl
def polykernel_languages() -> list[Language]:
    """Bring Perl."""
    return [
        Language(
            name="perl",
            display_name="Perl",
            version="5",  # the evaluator tells the one that runs
            mimetype="text/x-perl",
            file_extension=".pl",
            command=("perl", str(PROGRAM)),
            install_hint="on Debian: apt install perl",
        )
    ]


@hookimpl
def polykernel_samples(language: str) -> Samples:
    """Give code by which ``polykernel check`` tries it."""
    from polykernel import Samples

    return Samples(
        value=("6 * 7", "42"),
        prints=('print "hello\\n";', "hello\n"),
        prints_stderr=('warn "careful\\n";', "careful\n"),
        unicode=('print "snake \N{SNAKE}\\n";', "snake \N{SNAKE}"),
        error='die "no such thing\\n";',
        complete="my $x = 1;",
        incomplete="sub twice {",
        invalid="my $x = );",
        completion=("prin", "printf"),
        busy_loop="1 while 1;",
        waits="sleep 1000;",
        asks='my $line = <STDIN>; print "got $line";',
        slow='print "first\\n"; sleep 2; print "second\\n";',
        crash="kill KILL => $$;",
        state=("my $kept = 6;", "$kept * 7", "42"),
        multiline=("my $sum = 0;\n$sum += $_ for 1 .. 4;\n$sum", "10"),
    )
