"""The browser itself."""

from __future__ import annotations

import pytest

from browser.chromium import chromium


def test_a_missing_chromium_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="apt install chromium"), chromium("a token"):
        pass
