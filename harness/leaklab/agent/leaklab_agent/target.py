"""A function of the user as the unit of work: it is called again and again.

What a unit is follows from what the function returns, because a decorator may hide what it is:

* a plain value: a unit is a call;
* an awaitable: a unit is a call, awaited on one event loop;
* a generator or an asynchronous generator: a unit is a step of it, and after its last step the
  function is called again;
* the context manager of a function with `@contextmanager`: a unit is to enter and to leave it.

This module is imported for such work only. Python 3.8 and a small part of the standard library run
it, because it belongs to the measured process.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, ExitStack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

GENERATOR = type(_ for _ in ())


class TargetError(Exception):
    """The target cannot be a unit of work; the message says what to do."""


def units_of(target: dict[str, Any]) -> Iterator[None]:
    """Do one unit of work for each step, without end; the set-up is entered before the first.

    Args:
        target: `module`, `attributes` (the names from the module to the function), and `setup`,
            which is None or has the same two keys.

    Raises:
        TargetError: It cannot be a unit of work.
    """
    with ExitStack() as stack:
        given: tuple[Any, ...] = ()
        if target["setup"]:
            given = (set_up(target["setup"], stack),)
        function, arguments = bind(target, given)
        try:
            yield from repeated(function, arguments, stack)
        except GeneratorExit:
            return  # otherwise the set-up's context manager would see an error


def set_up(setup: dict[str, Any], stack: ExitStack) -> Any:
    """Return what the function of the set-up returns, entered if it is a context manager."""
    made = find_attribute(setup)[-1]()
    return stack.enter_context(made) if isinstance(made, AbstractContextManager) else made


def bind(target: dict[str, Any], given: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """Return the function to call and its arguments.

    A method gets the instance that the set-up made; without a set-up, one that its class makes.

    Raises:
        TargetError: The function needs other arguments than there are.
    """
    owner, function = find_attribute(target)[-2:]
    name = ".".join(target["attributes"])
    if not callable(function):
        raise TargetError("%s is no function, but %r" % (name, function))
    if isinstance(owner, type) and type(function) is type(bind):
        plain = isinstance(owner.__dict__.get(target["attributes"][-1]), staticmethod)
        if not plain:
            function = getattr(given[0] if given else owner(), target["attributes"][-1])
            given = ()
    missing = required_arguments(function)[len(given) :]
    if missing:
        advice = "call it from a function without arguments, or let --setup return the argument"
        raise TargetError("%s needs %s: %s" % (name, ", ".join(missing), advice))
    return function, given[: 1 if takes_arguments(function) else 0]


def required_arguments(function: Any) -> tuple[str, ...]:
    """Return the names of the positional arguments without a default; none for C functions."""
    inner = getattr(function, "__func__", function)
    code = getattr(inner, "__code__", None)
    if code is None:
        return ()
    names = code.co_varnames[: code.co_argcount - len(inner.__defaults__ or ())]
    return tuple(names[0 if inner is function else 1 :])


def takes_arguments(function: Any) -> bool:
    """Return whether a function has a positional argument, or is not of Python."""
    inner = getattr(function, "__func__", function)
    code = getattr(inner, "__code__", None)
    return code is None or code.co_argcount > (0 if inner is function else 1)


def repeated(function: Any, arguments: tuple[Any, ...], stack: ExitStack) -> Iterator[None]:
    """Call a function without end, a unit for each step of the result; keep no result."""
    loop: Any = None
    while True:
        result = function(*arguments)
        if type(result) is GENERATOR:
            yield from steps(result)
        elif hasattr(result, "__anext__"):
            loop = loop or new_loop(stack)
            yield from steps(awaited_steps(result, loop))
        else:
            if hasattr(result, "__await__"):
                loop = loop or new_loop(stack)
                loop.run_until_complete(result)
            elif type(result).__name__ == "_GeneratorContextManager":
                with result:
                    pass
            del result
            yield


def steps(generator: Any) -> Iterator[None]:
    """Do a unit for each value of a generator, and drop the value.

    Raises:
        TargetError: The generator has no value.
    """
    done = False
    for value in generator:
        del value
        done = True
        yield
    if not done:
        raise TargetError("the generator ended without a value, so that it has no unit of work")


def awaited_steps(generator: Any, loop: Any) -> Iterator[Any]:
    """Yield the values of an asynchronous generator."""
    while True:
        try:
            value = loop.run_until_complete(generator.__anext__())
        except StopAsyncIteration:
            return
        yield value
        del value


def new_loop(stack: ExitStack) -> Any:
    """Return an event loop that is closed with the work."""
    import asyncio

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    stack.callback(loop.close)
    return loop


def find_attribute(target: dict[str, Any]) -> list[Any]:
    """Return a module and each attribute from it to the target.

    Raises:
        TargetError: An attribute does not exist.
    """
    path = [import_module(target["module"])]
    for name in target["attributes"]:
        try:
            path.append(getattr(path[-1], name))
        except AttributeError:
            owner = getattr(path[-1], "__name__", "it")
            raise TargetError("%s has no %s: check the name" % (owner, name)) from None
    return path


def import_module(name: str) -> Any:
    """Import a module by its full name."""
    __import__(name)
    return sys.modules[name]
