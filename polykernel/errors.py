"""The exceptions that polykernel raises on purpose.

PolykernelError                  anything below; its text is one line that a user can act on
├── LanguageError                a Language was declared wrongly
├── SamplesError                 the samples of a language were declared wrongly
├── UnknownSubshell              a request names a subshell that is not there
├── UnknownLanguage              no plugin brings the language that was asked for
├── ConnectionFileError          a connection file is missing, unreadable or malformed
├── RegistrationError            the launcher was told of the kernel's ports, and did not answer
├── TransportError               a socket cannot be bound (a port in use, a bad address)
├── WireError                    a message's frames are malformed, or its signature is wrong
├── ChannelError                 an evaluator sent what the channel does not allow
├── EvaluatorStartError          an evaluator process could not be started
├── HistoryUnavailable           the file of the history can't be used now
├── LimitError                   a limit is not written as one
├── ScaffoldError                the package of a new language can't be written so, or there
└── KernelspecError              a kernelspec can't be written, read or removed
"""

from __future__ import annotations


class PolykernelError(Exception):
    """The root of all errors that polykernel raises on purpose."""


class LanguageError(PolykernelError):
    """A :class:`polykernel.Language` was declared with a missing or wrong field.

    Args:
        text: What is wrong, and what was expected.
        language: The name of the language, where one of several is wrong.
    """

    def __init__(self, text: str, language: str = "") -> None:
        super().__init__(text)
        self.language = language


class SamplesError(PolykernelError):
    """The :class:`polykernel.Samples` of a language have a wrong field, or are something else."""


class UnknownLanguage(PolykernelError):
    """No plugin brings the language that was asked for."""


class UnknownSubshell(PolykernelError):
    """A request names a subshell that is not there."""


class ConnectionFileError(PolykernelError):
    """A connection file is missing, unreadable or malformed."""


class RegistrationError(PolykernelError):
    """The launcher was told of the kernel's ports, and did not answer."""


class TransportError(PolykernelError):
    """A socket cannot be bound."""


class WireError(PolykernelError):
    """A message's frames are malformed, or its signature is wrong."""


class ChannelError(PolykernelError):
    """An evaluator sent what the channel does not allow."""


class EvaluatorStartError(PolykernelError):
    """An evaluator process could not be started.

    Attributes:
        passing: Whether it may be started later: what was lacking may be there again.
    """

    passing = False


class HistoryUnavailable(PolykernelError):
    """The file of the history can't be used now; memory does for it."""


class LimitError(PolykernelError):
    """A limit is not written as one, or a cell can't have it."""


class ScaffoldError(PolykernelError):
    """The package of a new language can't have that name, or can't be written there."""


class KernelspecError(PolykernelError):
    """A kernelspec can't be written, read or removed."""


class Deprecated(DeprecationWarning):
    """A plugin uses what a later version of the API will not have (docs/plugins.md).

    ``polykernel list`` shows it, kernels do not.
    """
