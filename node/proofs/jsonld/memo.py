"""A bounded memory of results, shared by threads: two generations, of which the older is forgotten as a whole.

What is asked for moves to the younger generation, so what is used stays, whatever else passes through.
"""

import threading


class Memo[K, V]:
    """Remembers results up to about twice the given weight; never a wrong one, but possibly none."""

    __slots__ = ("_lock", "_old", "_weight", "_weight_limit", "_young")

    def __init__(self, weight_limit: int) -> None:
        self._weight_limit = weight_limit
        self._weight = 0
        self._young: dict[K, tuple[V, int]] = {}
        self._old: dict[K, tuple[V, int]] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """The result remembered under the key."""
        known = self._young.get(key)
        if known is None:
            known = self._old.get(key)
            if known is None:
                return None
            self.put(key, *known)
        return known[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Remembers the result, in place of another; one heavier than a whole generation is not remembered."""
        if weight > self._weight_limit:
            return
        with self._lock:
            self._weight -= self._young.pop(key, (None, 0))[1]
            if self._weight + weight > self._weight_limit:
                self._old, self._young, self._weight = self._young, {}, 0
            self._young[key] = (value, weight)
            self._weight += weight
