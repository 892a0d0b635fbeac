"""The browser that tests drive leaves nothing behind."""

import asyncio
import subprocess

import pytest

from tests import browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser.CHROMIUM is None, reason="needs Chromium"),
]


@pytest.fixture
def loops(monkeypatch):
    """Every event loop that somebody makes."""
    made = []
    policy = type(asyncio.get_event_loop_policy())
    make = policy.new_event_loop

    def record(self):
        made.append(make(self))
        return made[-1]

    monkeypatch.setattr(policy, "new_event_loop", record)
    return made


def test_a_browser_closes_its_loop_and_asks_for_no_other(tmp_path, loops):
    opened = browser.Browser(tmp_path)
    opened.open("about:blank#there")
    opened.close()
    assert len(loops) == 1 and loops[0].is_closed()


def test_a_browser_that_does_not_start_leaves_no_loop_and_no_process(tmp_path, loops, monkeypatch):
    def refuse(*_):
        raise TimeoutError

    started = []
    start = subprocess.Popen
    monkeypatch.setattr(browser.Browser, "_wait_for", refuse)
    monkeypatch.setattr(
        subprocess, "Popen", lambda *a, **k: started.append(start(*a, **k)) or started[-1]
    )
    with pytest.raises(TimeoutError):
        browser.Browser(tmp_path)
    assert [loop.is_closed() for loop in loops] == [True]
    assert started[0].poll() is not None
