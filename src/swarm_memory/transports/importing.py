"""Import the protocol library in the time that a client is willing to wait.

``mcp`` 2.3 brings 460 modules and 550 pydantic models, all of them whatever part of it is imported. Two things in that
are avoidable by public means, and together they save a third of the start-up:

* **Garbage collection.** Imports make hundreds of thousands of objects that live until the end, and every full
  collection visits all of them again. No collection during the imports, and one ``gc.freeze()`` after them, which takes
  what exists now out of every later collection.
* **Validators that are never used.** pydantic builds a validator for each model when its class is made. With
  ``defer_build`` in the configuration that every model inherits, a model builds its own at its first use. The setting
  is taken back after the imports; models made meanwhile keep it, as pydantic intends.

CPU seconds to import ``mcp.server.lowlevel`` (Python 3.11, best of eight, two slow cores): plain 1.13, without
collections 0.80, with deferred validators 0.96, with both 0.73.
"""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def quick_imports() -> Generator[None]:
    """Make the imports inside the block cheap; use it once, around the first import of anything that needs ``mcp``."""
    gc.disable()
    try:
        from pydantic import BaseModel  # noqa: PLC0415 - importing it is a part of what is to be made cheap

        BaseModel.model_config["defer_build"] = True
        try:
            yield
        finally:
            del BaseModel.model_config["defer_build"]
        gc.freeze()
    finally:
        gc.enable()
