"""Sessions and coroutines, and what becomes asynchronous together."""
