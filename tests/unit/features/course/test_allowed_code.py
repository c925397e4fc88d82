from textwrap import dedent

import pytest

from leaklab.features.course.allowed_code import refusals

EXERCISE = '''
"""A shop."""

import json
import os
import threading
import time
from collections import OrderedDict

class Orders:
    def place(self, goods):
        json.dumps(goods)
        os.stat(goods)
        threading.Thread(target=time.sleep).start()
        return OrderedDict()
'''


def refused(text: str, exercise: str = EXERCISE) -> list[str]:
    return [refusal.reason for refusal in refusals(dedent(text), (exercise,))]


@pytest.mark.parametrize(
    "text",
    [
        EXERCISE,
        "from collections import deque\nd = deque(maxlen=3)",
        "import collections.abc\nclass A(collections.abc.Mapping): pass",
        "import collections\nd = collections.OrderedDict()",
        "import functools\n@functools.lru_cache(maxsize=8)\ndef f(): pass",
        "from weakref import WeakValueDictionary, finalize, ref",
        "from dataclasses import dataclass, field\n@dataclass\nclass A: x: list = field()",
        "import contextlib\nwith contextlib.closing(x): pass",
        "from typing import Any, TYPE_CHECKING",
        "import time\nnow = time.monotonic()",
        "import time\nnow = time.time()",
        "import json\ntext = json.loads('{}')",
        "import threading\nlock = threading.Lock()",
        "class A:\n    __slots__ = ('x',)\n    def __exit__(self, *a): self.close()",
        "class A:\n    def f(self):\n        self.types = self.copy = self.queue = 1",
        "kind = type(x)",
        "if __name__ == '__main__': pass",
        "def f():\n    '''Open a file, and exit: fork() is not called.'''",
        "name = 'input'",
        "match x:\n    case Point(x=0): pass",
    ],
)
def test_what_a_fix_may_need_is_allowed(text: str) -> None:
    assert refused(text) == []


# Every cheat is refused by its text, and the message names the part that is not needed.
CHEATS = {
    "collects": ("import gc\ngc.collect()", "the module gc"),
    "collects through another module": (
        "import dataclasses\ndataclasses.sys.modules['gc'].collect()",
        "dataclasses.sys is",
    ),
    "collects through a member": ("from contextlib import sys\nsys.x", "contextlib.sys"),
    "collects through an alias": (
        "import contextlib\nc = contextlib\nc.os",
        "the module contextlib is not needed here as a value",
    ),
    "collects through a nested module": (
        "import collections.abc\ncollections.abc.sys",
        "collections.abc.sys",
    ),
    "collects through the exercise's module": (
        "import threading\nthreading._sys.modules",
        "threading._sys",
    ),
    "imports everything of a module": ("from operator import *", "operator.*"),
    "trims": ("import ctypes\nctypes.CDLL(None).malloc_trim(0)", "the module ctypes"),
    "exits": ("import os\nos._exit(0)", "os._exit"),
    "exits through an alias": ("import os as o\no._exit(0)", "os._exit"),
    "exits by a member": ("from os import _exit\n_exit(0)", "os._exit"),
    "raises SystemExit": ("raise SystemExit(0)", "SystemExit"),
    "calls exit": ("exit(0)", "exit"),
    "forks": ("import os\nos.fork()", "os.fork"),
    "starts a child": ("import subprocess", "the module subprocess"),
    "parks in a child": ("from multiprocessing import Process", "the module multiprocessing"),
    "parks in a segment": (
        "from multiprocessing import shared_memory",
        "the module multiprocessing",
    ),
    "parks in a memfd": ("import os\nos.memfd_create('x')", "os.memfd_create"),
    "parks on disk": ("open('x', 'w').write('y')", "open"),
    "parks in a temporary file": ("import tempfile", "the module tempfile"),
    "parks in a map": ("import mmap", "the module mmap"),
    "detects the lab": ("import sys\nif 'leaklab_agent' in sys.modules: pass", "the module sys"),
    "patches time": ("import time\ntime.monotonic = lambda: 0", "time.monotonic belongs to"),
    "patches json": ("import json\njson.dumps = str", "json.dumps belongs to"),
    "patches a class of json": ("import json\njson.JSONEncoder.encode = str", "belongs to another"),
    "patches json by an alias": ("import json\nj = json\nj.dumps = str", "json is not needed here"),
    "deletes from json": ("import json\ndel json.dumps", "json.dumps belongs to"),
    "patches what it imported": (
        "from collections import OrderedDict\nOrderedDict.pop = None",
        "collections.OrderedDict.pop belongs to",
    ),
    "writes a descriptor": ("import os\nos.write(3, b'')", "os.write"),
    "opens a descriptor": ("open(4, 'wb')", "open"),
    "imports the fix": ("from scenarios.shop.fixed import Orders", "scenarios.shop.fixed"),
    "imports its neighbour": ("from . import real_workload", "the module . "),
    "walks the frames": ("import sys\nsys._getframe(1).f_globals", "sys._getframe"),
    "walks a generator's frame": ("g.gi_frame.f_back", ".gi_frame"),
    "walks a traceback": ("def f(e): e.__traceback__.tb_frame", ".__traceback__"),
    "replaces code": ("def f(check): check.__code__ = f.__code__", ".__code__"),
    "reads globals": ("def f(call): call.__globals__", ".__globals__"),
    "reads globals by a pattern": (
        "match f:\n    case object(__globals__=g): pass",
        ".__globals__",
    ),
    "ends by a pattern": ("match m:\n    case object(_exit=g): pass", "._exit"),
    "reads by name": ("getattr(x, '__cl' + 'ass__')", "getattr"),
    "reads by a getter": (
        "from operator import attrgetter\nattrgetter('__glob' + 'als__')",
        "operator.attrgetter",
    ),
    "calls by a getter": ("import operator\noperator.methodcaller('x')", "operator.methodcaller"),
    "copies code by a wrapper": (
        "import functools\nfunctools.update_wrapper(a, b, ('__co' + 'de__',))",
        "functools.update_wrapper",
    ),
    "writes into a module by an enumeration": (
        "import enum\n@enum.global_enum\nclass A(enum.Enum): check = 1",
        "enum.global_enum",
    ),
    "evaluates an annotation": (
        "import typing\ntyping.get_type_hints(f)",
        "typing.get_type_hints",
    ),
    "evaluates a string": ("eval('1')", "eval"),
    "evaluates in another alphabet": ("\U0001d4eeval('1')", "eval"),
    "reaches the subclasses": ("object.__subclasses__()", ".__subclasses__"),
    "replaces the builtins": ("__builtins__['len'] = None", "__builtins__"),
    "names an attribute in a class's namespace": (
        "type('A', (), {'__getattribute__': None})",
        ".__getattribute__",
    ),
    "equals everything": ("class A:\n    def __eq__(self, other): return True", "__eq__"),
    "is an instance of everything": (
        "class A(type):\n    def __instancecheck__(self, other): return True",
        "__instancecheck__",
    ),
    "equals everything by type()": (
        "type('A', (), {'__e' + 'q__': None})",
        "type() with several arguments",
    ),
    "makes a class of a list": ("type(*parts)", "type() with several arguments"),
    "claims a module": ("class A:\n    __module__ = 'x'", "__module__"),
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_is_refused_by_its_text(cheat: str) -> None:
    text, why = CHEATS[cheat]
    reasons = refused(text)
    assert any(why in f"{reason} " for reason in reasons), reasons


@pytest.mark.parametrize("text", ["import gc\ngc.collect()", "open('x')", "x.__class__", "exit()"])
def test_what_the_exercise_contains_is_allowed(text: str) -> None:
    assert refused(text, exercise=text) == []
    assert refused(text) != []


def test_a_module_of_the_exercise_has_no_other_narrow_members() -> None:
    assert refused("import os\nos.stat('x')") == []
    assert refused("import os\nos.remove('x')") == ["os.remove is not needed here"]


def test_refusals_are_in_the_order_of_lines_and_name_them() -> None:
    reasons = refusals("x = 1\nimport gc\n\nexit()\n", ())
    assert [refusal.line for refusal in reasons] == [2, 4]


def test_a_text_that_is_not_python_is_an_error() -> None:
    with pytest.raises(SyntaxError):
        refusals("def", ())
