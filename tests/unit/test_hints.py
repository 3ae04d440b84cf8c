import pytest

from swarm_memory.models.hints import hints_of


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        ("nothing to see in plain words, snake_case or src/auth/login.ts", None),
        ("call parseConfig and HTTPServer", "parse config http server"),
        ("Title Case and ALLCAPS are words", None),
        ("数据库连接失败", "数 据 库 连 接 失 败"),
        ("error in データ層", "デ ー タ 層"),
        ("데이터베이스를", "데 이 터 베 이 스 를"),
        ("ที่นี่", "ท น"),
        ("", None),
    ],
)
def test_the_index_is_told_what_its_tokenizer_does_not_see(text: str, hints: str | None) -> None:
    assert hints_of(text) == hints


def test_hints_come_from_every_text_and_a_name_is_told_once() -> None:
    assert hints_of("userName", None, "userName and userId") == "user name id"


@pytest.mark.parametrize("text", ["a" * 1_000_000, "aB" * 500_000, "aB1 " * 250_000, "数据" * 300_000])
def test_a_megabyte_of_anything_gives_bounded_hints(text: str) -> None:
    assert len(hints_of(text) or "") <= 2 * len(text)
