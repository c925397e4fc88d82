"""A shelf that shows the latest piece."""


class Shelf:
    def __init__(self):
        self._pieces = []

    def put(self, piece):
        self._pieces = [piece]

    def latest(self):
        return self._pieces[-1]
