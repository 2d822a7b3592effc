from __future__ import annotations


def test_a_conversation_is_followed_in_the_menu_of_a_kwip(at_alice, bob, alice):
    place = f"/@bob/{bob.say('Root')['id']}"
    assert at_alice.get(place).all("button", formaction=f"{place}/follow")

    at_alice.send(f"{place}/follow", next=place)

    page = at_alice.get(place)
    assert page.said == "You'll be notified of replies in this conversation."
    assert page.all("button", formaction=f"{place}/unfollow")
    path = f"/api/v1/statuses/{place.rpartition('/')[2]}/unfollow"
    assert alice.post(path).status_code == 200
    assert at_alice.get(place).all("button", formaction=f"{place}/follow")
