"""Requests for a person in many wordings and languages, and questions that only speak of people.

The threshold and the templates of lessons were chosen with these sentences in sight, so that they guard what is reached
and measure nothing (docs/LOG.md). A near miss that is taken for a request costs its asker the answer, so that fewer of
those are allowed.
"""

import pytest

from retrieval.asked.gestures import Gesture, Gestures
from retrieval.encoders.embedder import load_embedder

REQUESTS = (
    "is there anyone I could talk to",
    "this bot is useless, get me someone",
    "can a real person look at this",
    "I need somebody to take over from here",
    "put me through to a human please",
    "isn't there a human I can chat with instead",
    "I'd prefer dealing with a person",
    "Could you hand me over to one of your colleagues?",
    "you don't get it, I want someone who does",
    "stop. I want a person.",
    "could I have a word with somebody in support",
    "any chance of speaking to an actual employee?",
    "Let a human answer this",
    "I give up, who can I speak to?",
    "please escalate this to your team",
    "can someone from your side help me with this directly",
    "May I be connected with an advisor?",
    "I'm done talking to a robot",
    "I would like for someone to phone me back",
    "have one of your people get in touch with me",
    "Would it be possible to reach a staff member?",
    "I want to raise this with a manager",
    "Can you loop in a colleague?",
    "ask a human to reply to me",
    "is anybody real there?",
    "agent please",
    "human. now.",
    "I'd like to be transferred to a service rep",
    "this isn't helping, can I get a real human being",
    "need to speak w/ a person asap",
    "how do I get out of this bot and to a human",
    "Please have a technician contact me.",
    "can i tlak to sombody",
    "someone please help me, not a bot",
    "I demand to speak with your supervisor",
    "Are there any humans working here that I can speak with?",
    "who do I talk to if you can't help me?",
    "bring in a person",
    "I'd feel better talking this through with somebody",
    "Would a colleague be able to step in here?",
    "let's get a support agent into this thread",
    "could someone competent take a look at my case please",
    "Nothing you say helps. Let me speak to your boss.",
    "Could you pass my question on to a person?",
    "I want out of this chat, real agent please",
    "Kann ich mit jemandem sprechen?",
    "Ich will einen echten Menschen",
    "Gibt es hier jemanden, mit dem ich reden kann?",
    "Bitte leiten Sie mich an einen Mitarbeiter weiter",
    "Kann mich bitte jemand anrufen?",
    "Dieser Bot ist nutzlos, holen Sie mir einen Menschen",
    "Est-ce que je peux parler à quelqu'un ?",
    "Je veux une vraie personne, pas un robot",
    "Pouvez-vous me transférer à un agent ?",
    "¿Puedo hablar con alguien?",
    "Quiero que me atienda una persona real",
    "Necesito hablar con un agente",
    "Vorrei parlare con una persona",
    "Posso parlare con un operatore?",
    "Kan ik met iemand spreken?",
    "Ik wil een echt mens spreken",
    "Quero falar com um atendente",
    "Posso falar com uma pessoa?",
    "Czy mogę porozmawiać z człowiekiem?",
)
NEAR_MISSES = (
    "which person approves refunds?",
    "who do I ask for a new badge?",
    "Who is responsible for returns?",
    "How many people can use the sauna at once?",
    "Which team looks after invoices?",
    "Is the support team available on Sundays?",
    "When does customer service open?",
    "What is the phone number of the help desk?",
    "How much does a technician's visit cost?",
    "Can two people lift the machine?",
    "Does a person have to be at home for the delivery?",
    "Can someone else collect my parcel?",
    "May my colleague use my account?",
    "Can I add another person to my plan?",
    "How do I add an agent to a channel?",
    "What can an agent do that a customer cannot?",
    "Do I have to speak to a manager to get a discount?",
    "Who signs the contract?",
    "What happens if nobody answers the door?",
    "Is there someone who can sign for the parcel at the warehouse?",
    "How do I transfer my account to a colleague?",
    "Can I give my robot to somebody else?",
    "How do I connect the robot to a human interface device?",
    "what does the human detection sensor do?",
    "Is the mower safe for people nearby?",
    "which employees get the staff discount?",
    "How do I contact the warehouse?",
    "Which operator runs the night shift?",
    "Can the operator override the emergency stop?",
    "What should support tell a customer who wants a human?",
    "When may an agent escalate a ticket?",
    "How is a call escalated to level two?",
    "What does the manager see in the weekly report?",
    "Do technicians carry spare parts?",
    "Do your agents speak German?",
    "Who answers if I write on a weekend?",
    "How long until a person answers my ticket?",
    "Are calls with support recorded?",
    "What does the live chat cost?",
    "Who can see my messages?",
    "Can you talk?",
    "Are you a human?",
    "are you a real person or a bot?",
    "Who made you?",
    "How do I talk to the robot by voice?",
    "Which persons may enter the work area?",
    "somebody broke my fence, who pays?",
    "My colleague told me it charges in an hour, is that right?",
    "Someone returned a robot without its charger, what now?",
    "What does it cost per person?",
    "Is a personal meeting needed for the contract?",
    "How do I call an elevator from the robot?",
    "Welcher Mitarbeiter genehmigt Rückzahlungen?",
    "Wie viele Personen dürfen in die Sauna?",
    "Wann ist der Kundendienst erreichbar?",
    "Muss jemand zu Hause sein?",
    "Quelle personne valide les remboursements ?",
    "Combien de personnes peuvent l'utiliser ?",
    "¿Qué persona aprueba los reembolsos?",
    "¿Cuántas personas caben en la sala?",
    "Quante persone possono usarlo?",
    "Wie keurt terugbetalingen goed?",
    "Quem aprova os reembolsos?",
    "Kto zatwierdza zwroty?",
)
MOST_MISSED = 6
MOST_TAKEN = 1


@pytest.fixture(scope="module")
def gestures() -> Gestures:
    return Gestures(load_embedder())


def test_most_requests_for_a_person_are_heard_whatever_their_words(gestures: Gestures) -> None:
    missed = [text for text in REQUESTS if gestures.find(text) is not Gesture.WANTS_PERSON]
    assert len(missed) <= MOST_MISSED, missed


def test_hardly_any_question_about_people_is_taken_for_a_request(gestures: Gestures) -> None:
    taken = [text for text in NEAR_MISSES if gestures.find(text) is Gesture.WANTS_PERSON]
    assert len(taken) <= MOST_TAKEN, taken


def test_who_says_their_name_and_asks_about_a_shop_asks_for_no_person(gestures: Gestures) -> None:
    assert gestures.find("@Chip Hi, my name is Cleo Curtis. Which shop in Vienna repairs the Tansy 4?") is None
    assert gestures.find("Hi, my name is Cleo Curtis. I want to speak to a person.") is Gesture.WANTS_PERSON
