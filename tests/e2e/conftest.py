"""What tests with programs of others share: one installation for all of them, since it takes hundreds of megabytes."""

import pytest
from npm import Node


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    return Node(tmp_path_factory.mktemp("node"), tmp_path_factory.mktemp("home"))
