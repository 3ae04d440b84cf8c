"""Search finds words in every script and form, meaning, and what stands beside in a conversation."""

import pytest
from searchbench import add, found, put, search

from swarm_memory.app import App

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("数据库连接失败 请重试", ["数据库", "连接失败", "重试"]),
        ("データベースの接続が切れた", ["データベース", "接続"]),
        ("데이터베이스를 다시 연결했다", ["데이터베이스", "연결"]),
        ("ฐานข้อมูลเชื่อมต่อไม่ได้", ["ฐานข้อมูล", "เชื่อมต่อ"]),
        ("Größe der Übertragung: naïve café", ["grosse OR größe", "ubertragung", "NAIVE", "cafe"]),
        ("call parseConfigFile() from src/auth/login_handler.ts", ["parseConfigFile", "config", "parse file"]),
        ("call parseConfigFile() from src/auth/login_handler.ts", ["login_handler", "handler", "src/auth", "login.ts"]),
        ("failed with ERR_TLS_CERT_ALTNAME_INVALID in http.client", ["ERR_TLS_CERT_ALTNAME_INVALID", "altname"]),
        ("we went to the office and bought two mice", ["go office", "buy", "mouse"]),
    ],
)
async def test_words_of_any_script_and_form_are_found_whole_and_by_part(
    app: App, text: str, queries: list[str]
) -> None:
    await add(app, text, "it")
    for number in range(5):
        await add(app, f"something else entirely, number {number}", f"other {number}")

    for query in queries:
        assert (await found(app, query))[:1] == [text], query


async def test_meaning_finds_what_has_no_word_of_the_query(app: App) -> None:
    await add(app, "The physician prescribed medicine for the sick child.", "clinic")
    await add(app, "The parser accepts trailing commas in lists.", "parser")

    told = await search(app, "doctor gave drugs to an ill kid", mode="meaning")

    assert told.hits[0].memory.topic == "clinic"
    assert told.searched == "static-256"


async def test_a_neighbour_has_the_question_and_the_answer_is_found(app: App) -> None:
    for number in range(30):
        await add(app, f"small talk number {number} about the weather", conversation="chat")
    await add(app, "Which port does the staging gateway listen on?", conversation="chat")
    await add(app, "It is 8443, behind the proxy.", conversation="chat")
    await add(app, "Thanks.", conversation="chat")

    told = await search(app, "staging gateway port")

    assert [hit.memory.text for hit in told.hits[:2]] == [
        "Which port does the staging gateway listen on?",
        "It is 8443, behind the proxy.",
    ]
    assert "+context" in told.hits[1].match


async def test_a_long_text_is_found_by_what_stands_deep_inside(app: App) -> None:
    filler = "the quick brown fox jumps over the lazy dog and runs away " * 45  # three passages
    end = "The kernel panics when the watchdog timer fires twice. The machine then reboots by itself."
    await add(app, f"{filler}{end}", "long")
    await add(app, "Kernels of maize are sold by weight.", "short")

    told = await search(app, "operating system crash after watchdog timeout", mode="meaning")

    assert next(hit.memory.topic for hit in told.hits) == "long"


async def test_a_query_that_nothing_answers_gets_nothing(app: App) -> None:
    for number in range(50):
        await add(app, f"Deployment note {number}: the service restarts after the migration.", f"deploy {number}")

    assert await found(app, "grandmother's recipe for apple strudel") == []


async def test_the_agent_that_a_query_names_comes_first(app: App) -> None:
    await add(app, "I like green tea in the morning.", agent="ben", conversation="c")
    await add(app, "I like green tea in the evening.", agent="ann", conversation="c")

    assert await found(app, "what tea does Ann like") == [
        "I like green tea in the evening.",
        "I like green tea in the morning.",
    ]


async def test_results_that_say_the_same_are_told_once(app: App) -> None:
    for number in range(3):
        await add(app, f"The build uses Node 20 and pnpm nine{'!' * number}", "build")
    await add(app, "The build uses Node 22 and pnpm nine", "build")

    told = await search(app, "node build pnpm")

    assert len(told.hits) == 2
    assert sorted(hit.similar for hit in told.hits) == [0, 2]
    assert told.total == 2


async def test_an_id_is_a_query(app: App) -> None:
    id_ = await add(app, "what it says", "topic")
    await add(app, "something else", "other")

    assert await found(app, id_) == ["what it says"]
    assert await found(app, id_, kind="entry") == []
    assert await found(app, "0" * 28) == []


async def test_a_common_word_is_looked_up_where_a_rarer_one_is_too(app: App) -> None:
    await add(app, "the very first release note mentions zanzibar", "old")
    for number in range(1_200):
        await put(app, f"release/{number}", f"release number {number} shipped")

    assert (await found(app, "release zanzibar"))[0] == "the very first release note mentions zanzibar"
