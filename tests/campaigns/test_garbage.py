"""The collector rests while many objects are made, and works again afterwards whatever became of them."""

from __future__ import annotations

import gc
import threading

import pytest

from campaigns import garbage


def test_the_collector_rests_until_the_last_has_ended():
    assert gc.isenabled()
    with garbage.put_off():
        with garbage.put_off():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_fault_switches_it_on_again():
    with pytest.raises(ValueError, match="broken"), garbage.put_off():
        raise ValueError("broken")
    assert gc.isenabled()


def test_who_has_switched_it_off_keeps_it_off():
    gc.disable()
    try:
        with garbage.put_off():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_threads_may_overlap():
    first, second = threading.Event(), threading.Event()

    def hold():
        with garbage.put_off():
            first.set()
            second.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    assert first.wait(10)
    with garbage.put_off():
        second.set()
        other.join(10)
        # The other was the first to come and has gone.
        assert not gc.isenabled()
    assert gc.isenabled()
