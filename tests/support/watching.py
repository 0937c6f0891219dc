"""Stands in the place of the execution: takes what is told of an evaluator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polykernel.channel_lines import Line
    from polykernel.errors import ChannelError
    from polykernel.watcher import Abilities, Death


class Watcher:
    """Records what an evaluator says and does (``polykernel.watcher.Watcher``)."""

    def __init__(self) -> None:
        self.text = b""
        self.deaths: list[Death] = []
        self.abilities: list[Abilities] = []
        self.unheard = 0
        self.refused: list[str] = []
        self.events: list[Line] = []
        self.questions: list[Line] = []
        self.heard = 0

    def on_text(self, stream: str, data: bytes) -> None:
        self.text += data

    def on_event(self, line: Line) -> None:
        self.events.append(line)

    def on_input_request(self, line: Line) -> None:
        self.questions.append(line)

    def on_refused(self, error: ChannelError) -> None:
        self.refused.append(str(error))

    def on_abilities(self, abilities: Abilities) -> None:
        self.abilities.append(abilities)

    def on_death(self, death: Death) -> None:
        self.deaths.append(death)

    def on_heard_interrupt(self) -> None:
        self.heard += 1

    def on_unheard_interrupt(self) -> None:
        self.unheard += 1
