"""A web service that quotes the price of a delivery, for the shops that offer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from tornado.template import DictLoader
from tornado.web import Application, HTTPError, RequestHandler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VALID_SECONDS = 900


class Tariff:
    """The zone of every postcode, and the price of a parcel to each zone."""

    def __init__(self, postcodes: Iterable[tuple[str, int]]) -> None:
        self._zones = dict(postcodes)

    def cents(self, postcode: str, grams: int) -> int:
        """Return the price of a parcel; raise KeyError for an unknown postcode."""
        return 390 + 110 * self._zones[postcode] + grams // 100 * 5


class Quotes:
    """The quotes that a customer may still accept, by their numbers."""

    def __init__(self, clock: Callable[[], float], seed: int) -> None:
        self._clock = clock
        self._random = Random(seed)
        self._issued: dict[str, tuple[float, int]] = {}

    def issue(self, cents: int) -> str:
        """Return the number of a new quote."""
        now = self._clock()
        number = f"{self._random.getrandbits(64):016x}"
        self._issued[number] = (now + VALID_SECONDS, cents)
        return number

    def accept(self, number: str) -> int:
        """Return the price of a quote and close it; raise KeyError if it is not valid any more."""
        expires, cents = self._issued.pop(number)
        if expires < self._clock():
            raise KeyError(number)
        return cents


class QuoteHandler(RequestHandler):
    """Quotes a price on a page in the style of the shop."""

    def initialize(self, tariff: Tariff, quotes: Quotes, pages: DictLoader) -> None:
        """Set what the handlers of all requests share."""
        self.tariff, self.quotes, self.pages = tariff, quotes, pages

    def get(self, shop: str, postcode: str, grams: str) -> None:
        """Answer with a page, or with 404 for an unknown postcode."""
        try:
            cents = self.tariff.cents(postcode, int(grams))
        except KeyError:
            raise HTTPError(404, reason="Unknown Postcode") from None
        number = self.quotes.issue(cents)
        self.finish(self.pages.load(f"{shop}.html").generate(cents=cents, number=number))


class AcceptHandler(RequestHandler):
    """Accepts a quote."""

    def initialize(self, quotes: Quotes) -> None:
        """Set what the handlers of all requests share."""
        self.quotes = quotes

    def put(self, number: str) -> None:
        """Answer with the price, or with 410 for a quote that is not valid any more."""
        try:
            self.finish({"cents": self.quotes.accept(number)})
        except KeyError:
            raise HTTPError(410, reason="Not Valid Any More") from None


def application(
    postcodes: Iterable[tuple[str, int]],
    pages: dict[str, str],
    clock: Callable[[], float],
    seed: int,
) -> Application:
    """Return the application, for a server.

    Args:
        postcodes: every postcode with its zone.
        pages: the template of each shop, by the name of its file.
        clock: returns the time in seconds.
        seed: the seed of the numbers of quotes.
    """
    quotes = Quotes(clock, seed)
    shared = {"tariff": Tariff(postcodes), "quotes": quotes, "pages": DictLoader(pages)}
    routes: list[Any] = [
        (r"/shops/(\w+)/quotes/(\w+)/(\d+)", QuoteHandler, shared),
        (r"/quotes/(\w+)", AcceptHandler, {"quotes": quotes}),
    ]
    return Application(routes, log_function=lambda _: None)
