"""The message store, alone: which conversation is shown, with which cursor, and which answers come too late."""

from typing import Any

import pytest

from tests.browser.modules.modules import Modules

ME, OTHER = "me", "other"
STORE = """
const { Api } = await import("/portal/assets/api.js");
const { MessageStore } = await import("/portal/assets/message-store.js");
let ids = 0;
window.store = new MessageStore(new Api(() => "token"), "me", () => `client-${++ids}`);
"""


def message(number: int, sender: str = OTHER, client: str | None = None) -> dict[str, Any]:
    client_id = client or f"{sender}-{number}"
    moment = f"2026-01-02T03:{number // 60:02}:{number % 60:02}Z"
    return {
        "id": number,
        "sender_id": sender,
        "client_id": client_id,
        "content": f"text {number}",
        "created_at": moment,
    }


def page(*numbers: int, cursor: str | None = None) -> dict[str, Any]:
    messages = [message(number) for number in sorted(numbers, reverse=True)]
    return {"messages": messages, "has_more": cursor is not None, "next_cursor": cursor}


class Store:
    """The store in its page, and its calls in their order."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        modules.run(STORE)

    def begin(self, call: str) -> None:
        """Call a method without waiting for its end."""
        self.modules.run(f"window.last = store.{call}; await kit.settled();")

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.modules.run(
            "return { ...store.state, error: store.state.error?.message ?? null };"
        )
        return state

    def numbers(self, conversation: str) -> list[int | None]:
        return [each["id"] for each in self.state["messages"][conversation]]

    def paths(self, count: int) -> list[str]:
        return [f"{call['method']} {call['path']}" for call in self.modules.calls(count)]

    def open(self, conversation: str, answer: dict[str, Any]) -> None:
        """Open a conversation and answer both its calls."""
        before = len(self.modules.calls(0))
        self.begin(f"openConversation('{conversation}')")
        self.modules.answer(before, answer)
        if answer["messages"]:
            self.modules.answer(before + 1, {"total_unread": 5})


@pytest.fixture
def store(modules: Modules) -> Store:
    return Store(modules)


def test_who_opens_another_conversation_leaves_the_cursor_of_the_one_before_behind(store: Store) -> None:
    store.open("a", page(8, 9, cursor="cursor-a"))
    store.open("b", page(3, cursor="cursor-b"))
    state = store.state
    assert (state["cursors"]["a"], state["hasMore"]["a"]) == (None, True)
    assert (state["cursors"]["b"], state["activeConversationId"]) == ("cursor-b", "b")


def test_the_cursor_is_left_before_the_answer_comes(store: Store) -> None:
    store.open("a", page(8, 9, cursor="cursor-a"))
    store.begin("openConversation('b')")
    assert store.state["cursors"]["a"] is None


def test_who_opens_the_same_one_again_keeps_its_cursor_until_the_answer_brings_another(store: Store) -> None:
    store.open("a", page(8, 9, cursor="cursor-a"))
    store.begin("openConversation('a')")
    state = store.state
    assert (state["cursors"]["a"], state["hasMore"]["a"]) == ("cursor-a", True)
    store.modules.answer(2, page(8, 9, 10, cursor="cursor-a-new"))
    assert store.state["cursors"]["a"] == "cursor-a-new"


def test_a_conversation_that_is_opened_has_its_own_messages_and_cursor_and_is_marked_as_read(store: Store) -> None:
    store.open("a", page(8, 9, cursor="cursor-a"))
    store.open("b", page(3))
    assert store.numbers("a") == [9, 8]
    assert store.numbers("b") == [3]
    assert store.state["cursors"]["b"] is None
    assert store.paths(4)[2:] == ["GET /messages/b/messages", "PUT /messages/b/read"]
    assert store.modules.calls(4)[3]["body"] == {"up_to": 3}


def test_what_was_unread_is_read_once_its_conversation_is_open(store: Store) -> None:
    store.begin("loadConversations()")
    store.modules.answer(0, {"conversations": [{"id": "a", "unread": 2}, {"id": "b", "unread": 5}], "total_unread": 7})
    store.open("a", page(8, 9))
    state = store.state
    assert ([each["unread"] for each in state["conversations"]], state["totalUnread"]) == ([0, 5], 5)


def test_a_conversation_that_was_left_begins_with_its_newest_page_again(store: Store) -> None:
    store.open("a", page(8, 9, cursor="older-a"))
    store.begin("loadOlder()")
    store.modules.answer(2, page(6, 7, cursor="oldest-a"))
    store.open("b", page(3))
    store.open("a", page(9, 10, cursor="older-a"))
    assert store.numbers("a") == [10, 9]
    assert store.state["cursors"]["a"] == "older-a"


def test_an_answer_of_a_conversation_that_was_left_is_dropped(store: Store) -> None:
    store.begin("openConversation('a')")
    store.begin("openConversation('b')")
    store.modules.answer(1, page(3, cursor="cursor-b"))
    store.modules.answer(0, page(8, 9, cursor="cursor-a"))
    state = store.state
    assert "a" not in state["messages"]
    assert (state["cursors"].get("a"), state["activeConversationId"]) == (None, "b")
    assert store.paths(3) == ["GET /messages/a/messages", "GET /messages/b/messages", "PUT /messages/b/read"]


def test_of_two_openings_of_one_conversation_the_later_counts_whichever_is_answered_first(store: Store) -> None:
    store.begin("openConversation('a')")
    store.begin("openConversation('a')")
    store.modules.answer(1, page(8, 9, 10, cursor="new"))
    store.modules.answer(0, page(8, 9, cursor="old"))
    assert store.numbers("a") == [10, 9, 8]
    assert store.state["cursors"]["a"] == "new"


def test_a_failure_of_a_conversation_that_was_left_is_nobodys(store: Store) -> None:
    store.begin("openConversation('a')")
    store.begin("openConversation('b')")
    store.modules.break_off(0)
    assert (store.state["error"], store.state["isLoadingMessages"]) == (None, True)


def test_an_older_page_that_comes_after_another_conversation_was_opened_is_dropped(store: Store) -> None:
    store.open("a", page(8, 9, cursor="older-a"))
    store.begin("loadOlder()")
    store.begin("openConversation('b')")
    store.modules.answer(2, page(6, 7, cursor="oldest-a"))
    state = store.state
    assert (store.numbers("a"), state["cursors"]["a"], state["hasMore"]["a"]) == ([9, 8], None, True)


def test_older_messages_follow_the_newer_ones_and_are_asked_for_once(store: Store) -> None:
    store.open("a", page(8, 9, cursor="a b&c"))
    store.begin("loadOlder()")
    store.begin("loadOlder()")
    store.modules.answer(2, page(6, 7))
    assert store.numbers("a") == [9, 8, 7, 6]
    assert store.state["hasMore"]["a"] is False
    store.begin("loadOlder()")
    assert store.paths(3)[2:] == ["GET /messages/a/messages?cursor=a%20b%26c"]


def test_after_a_failure_older_messages_can_be_asked_for_again(store: Store) -> None:
    store.open("a", page(8, 9, cursor="older"))
    store.begin("loadOlder()")
    store.modules.answer(2, {"detail": "The database cannot be reached."}, 503)
    assert store.state["error"] == "The database cannot be reached."
    store.begin("loadOlder()")
    store.modules.answer(3, page(6, 7))
    assert (store.numbers("a"), store.state["error"]) == ([9, 8, 7, 6], None)


def test_a_message_is_shown_at_once_and_takes_its_place_when_it_has_arrived(store: Store) -> None:
    store.open("a", page(8, 9))
    store.begin("send('hello')")
    [first, *_] = store.state["messages"]["a"]
    assert (first["id"], first["state"], first["content"]) == (None, "sending", "hello")
    store.modules.answer(2, message(10, ME, "client-1"), 201)
    [first, *rest] = store.state["messages"]["a"]
    assert (first["id"], first.get("state"), len(rest)) == (10, None, 2)


def test_a_message_that_failed_is_sent_again_as_the_same_message(store: Store) -> None:
    store.open("a", page(8, 9))
    store.begin("send('hello')")
    store.modules.break_off(2)
    assert store.state["messages"]["a"][0]["state"] == "failed"
    store.begin("resend('client-1')")
    store.begin("resend('client-1')")
    store.modules.answer(3, message(10, ME, "client-1"))
    assert store.numbers("a") == [10, 9, 8]
    sent = [call["body"] for call in store.modules.calls(4) if call["method"] == "POST"]
    assert sent == [{"client_id": "client-1", "content": "hello"}] * 2


def test_messages_go_out_in_the_order_in_which_they_were_sent(store: Store) -> None:
    store.open("a", page(8))
    store.begin("send('one')")
    store.begin("send('two')")
    assert len(store.modules.calls(3)) == 3
    store.modules.answer(2, message(9, ME, "client-1"))
    assert store.modules.calls(4)[3]["body"]["content"] == "two"
    assert [each["content"] for each in store.state["messages"]["a"]][:2] == ["two", "text 9"]


def test_a_message_that_failed_stays_when_its_conversation_is_opened_again(store: Store) -> None:
    store.open("a", page(8))
    store.begin("send('hello')")
    store.modules.break_off(2)
    store.open("a", page(8, 9))
    assert store.numbers("a") == [None, 9, 8]


def test_a_message_that_arrived_though_its_answer_did_not_is_there_once(store: Store) -> None:
    store.open("a", page(8))
    store.begin("send('hello')")
    store.modules.break_off(2)
    store.begin("openConversation('a')")
    answer = page(8)
    store.modules.answer(3, {**answer, "messages": [message(9, ME, "client-1"), *answer["messages"]]})
    assert store.numbers("a") == [9, 8]


def test_what_came_meanwhile_is_added_and_older_pages_stay(store: Store) -> None:
    store.open("a", page(8, 9, cursor="older"))
    store.begin("loadOlder()")
    store.modules.answer(2, page(6, 7, cursor="oldest"))
    store.begin("catchUp()")
    store.modules.answer(3, page(9, 10, cursor="other"))
    assert store.numbers("a") == [10, 9, 8, 7, 6]
    assert store.state["cursors"]["a"] == "oldest"


def test_where_more_came_than_a_page_holds_no_gap_is_left(store: Store) -> None:
    store.open("a", page(8, 9, cursor="older"))
    store.begin("catchUp()")
    store.modules.answer(2, page(20, 21, cursor="newer"))
    assert (store.numbers("a"), store.state["cursors"]["a"]) == ([21, 20], "newer")


def test_a_look_that_failed_is_forgotten_by_one_that_did_not(store: Store) -> None:
    store.open("a", page(8, 9))
    store.begin("catchUp()")
    store.modules.break_off(2)
    assert store.state["error"] == "There is no connection."
    store.begin("catchUp()")
    store.modules.answer(3, page(8, 9))
    assert store.state["error"] is None


def test_a_look_that_finds_nothing_new_leaves_the_messages_as_they_are(store: Store) -> None:
    store.open("a", page(8, 9))
    store.modules.run("window.before = store.state.messages.a;")
    store.begin("catchUp()")
    store.modules.answer(2, page(8, 9))
    assert store.modules.run("return store.state.messages.a === before;")


def test_what_others_have_written_is_seen_by_the_next_look(store: Store) -> None:
    store.begin("loadConversations()")
    store.modules.answer(0, {"conversations": [{"id": "a", "unread": 0}], "total_unread": 0})
    store.begin("renewConversations()")
    store.modules.break_off(1)
    store.begin("renewConversations()")
    store.modules.answer(2, {"conversations": [{"id": "a", "unread": 2}], "total_unread": 2})
    assert (store.state["conversations"], store.state["totalUnread"]) == ([{"id": "a", "unread": 2}], 2)


@pytest.mark.parametrize("arrives", [True, False], ids=["arrived", "lost"])
def test_who_sends_learns_whether_it_has_arrived(store: Store, *, arrives: bool) -> None:
    store.open("a", page(8))
    store.begin("send('hello')")
    if arrives:
        store.modules.answer(2, message(9, ME, "client-1"), 201)
    else:
        store.modules.break_off(2)
    assert store.modules.run("return await last;") is arrives


def test_after_a_conversation_is_closed_its_answer_changes_nothing(store: Store) -> None:
    store.begin("openConversation('a')")
    store.begin("closeConversation()")
    store.modules.answer(0, page(8, 9, cursor="cursor-a"))
    state = store.state
    assert (state["activeConversationId"], state["messages"], state["isLoadingMessages"]) == (None, {}, False)


def test_an_answer_that_does_not_come_is_given_up(store: Store) -> None:
    store.begin("openConversation('a')")
    store.modules.page.clock.run_for(10_000)
    store.modules.run("await kit.settled();")
    assert (store.state["error"], store.state["isLoadingMessages"]) == ("The answer takes too long.", False)
