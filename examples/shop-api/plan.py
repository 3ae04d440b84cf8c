"""A small e-commerce API as tasks: what waits for what, which files each writes, how large it is."""

from typing import Any, Final

Task = dict[str, Any]

MODELS: Final = ("products", "users", "carts", "orders")

LESSON: Final = "Money: keep amounts as integer cents, never as floats; totals of floats failed the rounding test."
"""What a worker learns when a task of the kind money fails, in at most sixty words."""


def task(title: str, *deps: str, size: int = 2, writes: str = "", kind: str = "code") -> Task:
    """One item for ``task_orchestrate``; ``writes`` are globs with blanks between."""
    return {"title": title, "deps": list(deps), "size": size, "writes": writes.split(), "kind": kind}


SHOP: Final[list[Task]] = [
    task("skeleton", size=1, writes="shop/__init__.py pyproject.toml"),
    task("database", "skeleton", writes="shop/db.py"),
    *(task(f"{one} model", "database", writes=f"shop/models/{one}.py") for one in MODELS),
    *(task(f"{one} routes", f"{one} model", size=3, writes=f"shop/routes/{one}.py") for one in MODELS),
    *(task(f"{one} tests", f"{one} routes", writes=f"tests/test_{one}.py") for one in MODELS),
    # Fails at its first attempt: see worker.py.
    task("payments", "orders model", size=3, writes="shop/payments/**", kind="money"),
    task("auth", "users model", size=5, writes="shop/auth.py"),
    task("search", "products model", size=3, writes="shop/search.py"),
    task("app", *(f"{one} routes" for one in MODELS), "auth", writes="shop/app.py"),
    task("end to end", "app", size=3, writes="tests/test_shop.py"),
    task("readme", "app", size=1, writes="README.md"),
]
"""Twenty tasks of the size 48; the longest chain (skeleton, database, users, auth, app, end to end) takes 15."""

PRICES: Final[list[Task]] = [
    task("money: prices of products", size=1, writes="shop/money/prices.py", kind="money"),
    task("money: totals of carts", "money: prices of products", size=1, writes="shop/money/totals.py", kind="money"),
    task("money: tax of orders", "money: totals of carts", size=1, writes="shop/money/tax.py", kind="money"),
    task("money: refunds", "money: tax of orders", size=1, writes="shop/money/refunds.py", kind="money"),
]
"""Four tasks with the same trap, one after the other."""
