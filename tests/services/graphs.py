"""Small languages for graphs of tasks, and the golden table of what ``auto`` makes of them."""

import random
from collections.abc import Sequence

from swarm_memory.models.paths import path_glob
from swarm_memory.models.plan import SIZES, TaskItem

Tasks = list[TaskItem]


def task(
    title: str, *deps: str, size: int = 2, writes: Sequence[str] = (), role: str | None = None, kind: str = ""
) -> TaskItem:
    globs = tuple(path_glob(text) for text in writes)
    return TaskItem(title, deps=deps, size=size, writes=globs, role=role, kind=kind or None)


def chain(length: int, name: str = "c", size: int = 2) -> Tasks:
    """Each waits for the one before it."""
    return [task(f"{name}{at}", *([f"{name}{at - 1}"] if at else []), size=size) for at in range(length)]


def apart(number: int, *, writes: str = "", size: int = 2, kind: str = "") -> Tasks:
    """Independent; ``#`` in ``writes`` is the task's number."""
    globs = [[writes.replace("#", str(at))] if writes else [] for at in range(number)]
    return [task(f"a{at}", size=size, writes=globs[at], kind=kind) for at in range(number)]


def layers(*widths: int, sizes: Sequence[int] = ()) -> Tasks:
    """Each task waits for all of the layer before it."""
    tasks: Tasks = []
    before: list[str] = []
    for depth, width in enumerate(widths):
        size = sizes[depth] if sizes else 2
        layer = [task(f"l{depth}.{at}", *before, size=size) for at in range(width)]
        before = [one.title for one in layer]
        tasks += layer
    return tasks


def pipeline(items: int, *roles: str) -> Tasks:
    """Each item goes through all roles."""
    return [
        task(f"{role}{item}", *([f"{roles[at - 1]}{item}"] if at else []), role=role)
        for item in range(items)
        for at, role in enumerate(roles)
    ]


def at_random(seed: int, number: int, density: float, files: int = 0) -> Tasks:
    """Any graph; with ``files`` each task writes one of so many."""
    dice = random.Random(seed)
    return [
        task(
            f"r{at}",
            *(f"r{dep}" for dep in range(at) if dice.random() < density),
            size=dice.choice(SIZES),
            writes=[f"src/{dice.randrange(files)}.py"] if files else (),
        )
        for at in range(number)
    ]


def shop() -> Tasks:
    """Twenty tasks of a small e-commerce API."""
    models = ("products", "users", "carts", "orders")
    return [
        task("skeleton", size=1, writes=["shop/__init__.py", "pyproject.toml"]),
        task("database", "skeleton", writes=["shop/db.py"]),
        *(task(f"{one} model", "database", writes=[f"shop/models/{one}.py"]) for one in models),
        *(task(f"{one} routes", f"{one} model", size=3, writes=[f"shop/routes/{one}.py"]) for one in models),
        *(task(f"{one} tests", f"{one} routes", writes=[f"tests/test_{one}.py"]) for one in models),
        task("payments", "orders model", size=5, writes=["shop/payments/**"]),
        task("auth", "users model", size=5, writes=["shop/auth.py"]),
        task("search", "products model", size=3, writes=["shop/search.py"]),
        task("app", *(f"{one} routes" for one in models), "auth", writes=["shop/app.py"]),
        task("end to end", "app", "payments", size=3, writes=["tests/test_shop.py"]),
        task("readme", "app", size=1, writes=["README.md"]),
    ]


GOLDEN: list[tuple[str, Tasks, int, str, int, float]] = [
    # what, tasks, maxAgents, topology, agents, speed-up
    ("a chain of eight", chain(8), 8, "star", 1, 1.0),
    ("twelve tasks on one file", apart(12, writes="src/a.py"), 8, "star", 1, 1.0),
    ("twelve independent tasks", apart(12, writes="src/#.py"), 8, "hierarchical", 7, 6.0),
    ("a fan-out 1-6-1", layers(1, 6, 1, sizes=(1, 2, 1)), 8, "hierarchical", 6, 3.5),
    ("one task", apart(1), 8, "star", 1, 1.0),
    ("two tasks", apart(2), 8, "star", 2, 2.0),
    ("two tasks of unequal size", [task("a", size=2), task("b", size=3)], 8, "star", 2, 1.67),
    ("a small one beside a large one", [task("a", size=1), task("b", size=8)], 8, "star", 1, 1.0),
    ("twelve independent tasks, one agent allowed", apart(12), 1, "star", 1, 1.0),
    ("twelve independent tasks, three agents allowed", apart(12), 3, "star", 3, 3.0),
    ("a hundred independent tasks", apart(100), 8, "hierarchical", 8, 7.69),
    ("a hundred independent tasks, all agents allowed", apart(100), 64, "hierarchical", 55, 50.0),
    ("two chains of four", [*chain(4, "a"), *chain(4, "b")], 8, "star", 2, 2.0),
    ("three chains of unequal length", [*chain(2, "a"), *chain(4, "b"), *chain(6, "c")], 8, "star", 3, 2.0),
    (
        "twelve tasks on two files",
        apart(6, writes="a.py") + [task(f"b{at}", writes=["b.py"]) for at in range(6)],
        8,
        "star",
        2,
        2.0,
    ),
    (
        "a tree of globs above all files",
        [task("all", writes=["src/**"]), *apart(5, writes="src/#.py")],
        8,
        "star",
        5,
        3.0,
    ),
    (
        "six small tasks before a large one",
        [*apart(6, size=1), task("z", *(f"a{at}" for at in range(6)), size=8)],
        8,
        "star",
        1,
        1.0,
    ),
    ("four layers of four", layers(4, 4, 4, 4), 8, "star", 4, 4.0),
    ("a diamond", layers(1, 2, 1), 8, "star", 2, 1.33),
    ("four items through three roles", pipeline(4, "design", "code", "test"), 8, "ring", 4, 4.0),
    ("two items through three roles", pipeline(2, "design", "code", "test"), 8, "star", 2, 2.0),
    ("three items through two roles", pipeline(3, "code", "test"), 8, "ring", 3, 3.0),
    ("four questions to research", apart(4, kind="research"), 8, "mesh", 4, 4.0),
    ("eight questions to research", apart(8, kind="research"), 8, "hierarchical", 7, 4.0),
    ("reviews that write", apart(4, kind="review", writes="notes/#.md"), 8, "star", 4, 4.0),
    ("a shop", shop(), 8, "hierarchical", 6, 3.33),
    ("a shop, by three", shop(), 3, "star", 3, 2.63),
    ("any graph, dense", at_random(1, 30, 0.5), 8, "star", 2, 1.53),
    ("any graph, sparse", at_random(2, 30, 0.05), 8, "hierarchical", 7, 5.8),
    ("any graph with files", at_random(3, 40, 0.05, files=10), 8, "hierarchical", 6, 3.53),
]
