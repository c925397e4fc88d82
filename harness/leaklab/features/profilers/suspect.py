"""What a profiler names as the origin of growth."""

from msgspec import Struct


class Suspect(Struct, frozen=True):
    """A line, a function or a type that a report names.

    Attributes:
        text: The report's own words.
        path: The file; empty if it names none.
        line: The number of the line; 0 if it names none.
        function: The function; empty if it names none.
        type_name: The type of the objects that grew; empty if it names none.
        referrers: The types that refer to these objects, as far as the report says.
    """

    text: str
    path: str = ""
    line: int = 0
    function: str = ""
    type_name: str = ""
    referrers: tuple[str, ...] = ()
