"""What exhibitors write about the people they meet, in English and German."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Language:
    """Sentences with gaps, and what fills them."""

    sentences: tuple[str, ...]
    endings: tuple[str, ...]
    gaps: dict[str, tuple[str, ...]]


_ENGLISH = _Language(
    (
        "Wants a quote for {count} {thing}.",
        "Asked for the price list, budget is decided {when}.",
        "Call back {when}.",
        "Knows {person} from {team}, very friendly.",
        "Currently with a competitor, contract ends {when}.",
        "Interested in a demo {when}, bring {person}.",
        "Needs an offer in writing before {day}.",
        "Took two brochures for {team}.",
        "Student, writes a thesis about {thing}. Send the white paper.",
        "Would like to visit us {when}.",
        "Already a customer, has a question about invoice {number}.",
        "Complained about delivery times, sorted out with {person}.",
        "Decides together with {team}.",
        "Runs {count} sites, looks for one supplier.",
        "Great talk, send the slides.",
        "Only looked around.",
        "Compares us with two others, price matters most.",
        "Wants {thing} with their own logo, at least {count} pieces.",
        "Asked whether {thing} work offline.",
        "Met at the evening event, wants to be introduced to {person}.",
        "Press, needs two pictures by {day}.",
        "Looking for a job, gave our careers address.",
        "Has to ask {team} first.",
        "Pilot with {count} users, starts {when}.",
        "Reseller, sells to theatres and museums.",
        "Tender is published {when}, lot {lot}.",
        "Left a business card, please add the phone number.",
        "Speaks French, {person} should call.",
        "Bought the sample kit at the booth.",
    ),
    (
        "Hot.",
        "No hurry.",
        "Please send the newsletter too.",
        "Very positive.",
        "Prefers e-mail.",
        "Mind the time zone.",
    ),
    {
        "thing": ("test chambers", "starter kits", "wall panels", "licences", "sensors", "displays", "badge printers"),
        "when": (
            "next week",
            "on Monday",
            "in January",
            "after the holidays",
            "in two weeks",
            "on Friday",
            "in spring",
        ),
        "day": ("Monday", "Friday", "the 15th", "the end of the month", "tomorrow"),
        "lot": ("1", "2", "4", "7"),
        "person": ("Caroline", "the sales lead", "Tom", "our engineer", "Ms Berg", "Dr Rattmann"),
        "team": ("purchasing", "the lab", "IT", "the board", "the Vienna office", "marketing"),
        "count": ("3", "12", "20", "40", "150", "300"),
        "number": ("1998", "2017", "2031", "2044", "2118"),
    },
)
_GERMAN = _Language(
    (
        "Möchte ein Angebot über {count} {thing}.",
        "Bitte {when} anrufen.",
        "Preisliste schicken, Budget wird {when} entschieden.",
        "Kennt {person} aus {team}.",
        "Noch beim Mitbewerber, Vertrag läuft {when} aus.",
        "Vorführung {when}, {person} mitnehmen.",
        "Braucht das Angebot schriftlich, Frist {day}.",
        "Hat zwei Prospekte für {team} mitgenommen.",
        "Studiert, schreibt eine Arbeit über {thing}.",
        "Würde uns gern {when} besuchen.",
        "Bestandskunde, Frage zu Rechnung {number}.",
        "Ärger mit der Lieferzeit, hat {person} geklärt.",
        "Entscheidet gemeinsam mit {team}.",
        "Hat {count} Standorte und sucht einen Lieferanten für alle.",
        "Sehr gutes Gespräch, Folien nachreichen.",
        "Wollte nur schauen.",
        "Vergleicht drei Anbieter, der Preis zählt.",
        "Will {thing} mit eigenem Logo, ab {count} Stück.",
        "Fragt, ob {thing} auch ohne Netz laufen.",
        "Vom Empfang gestern Abend, möchte {person} kennenlernen.",
        "Presse, braucht zwei Bilder bis {day}.",
        "Sucht eine Stelle, Adresse der Personalabteilung gegeben.",
        "Muss erst {team} fragen.",
        "Probebetrieb mit {count} Leuten, Beginn {when}.",
        "Wiederverkäufer für Theater und Museen.",
        "Ausschreibung kommt {when}, Los {lot}.",
        "Visitenkarte liegt am Stand, Nummer nachtragen.",
        "Rückruf nur vormittags.",
        "Hat das Musterpaket am Stand gekauft.",
    ),
    ("Dringend.", "Eilt nicht.", "Newsletter erwünscht.", "Sehr interessiert.", "Lieber per E-Mail.", "Termin steht."),
    {
        "thing": (
            "Testkammern",
            "Einsteigerpakete",
            "Wandpaneele",
            "Lizenzen",
            "Sensoren",
            "Anzeigen",
            "Ausweisdrucker",
        ),
        "when": (
            "nächste Woche",
            "am Montag",
            "im Januar",
            "nach den Ferien",
            "in zwei Wochen",
            "am Freitag",
            "im Frühjahr",
        ),
        "day": ("Montag", "Freitag", "Monatsende", "morgen", "Ende der Woche"),
        "lot": ("1", "2", "4", "7"),
        "person": ("Caroline", "den Vertrieb", "Herrn Kurz", "unsere Ingenieurin", "Frau Berg", "Dr. Rattmann"),
        "team": ("dem Einkauf", "dem Labor", "der IT", "dem Vorstand", "dem Wiener Büro", "dem Marketing"),
        "count": ("3", "12", "20", "40", "150", "300"),
        "number": ("1998", "2017", "2031", "2044", "2118"),
    },
)
#: Sentences whose grammar wants the other case: "für" and "fragen".
_ACCUSATIVE = {
    "dem Einkauf": "den Einkauf",
    "dem Labor": "das Labor",
    "der IT": "die IT",
    "dem Vorstand": "den Vorstand",
    "dem Wiener Büro": "das Wiener Büro",
    "dem Marketing": "das Marketing",
}
_NOMINATIVE = {"den Vertrieb": "der Vertrieb", "Herrn Kurz": "Herr Kurz"}


def _german(sentence: str, filling: dict[str, str]) -> dict[str, str]:
    if "für {team}" in sentence or "{team} fragen" in sentence:
        filling = filling | {"team": _ACCUSATIVE[filling["team"]]}
    if "hat {person}" in sentence:
        filling = filling | {"person": _NOMINATIVE.get(filling["person"], filling["person"])}
    return filling


def some_note(rng: random.Random, locale: str) -> str:
    """A short note as somebody at a booth types it."""
    language = _GERMAN if locale == "de" else _ENGLISH
    sentence = rng.choice(language.sentences)
    filling = {gap: rng.choice(words) for gap, words in language.gaps.items()}
    note = sentence.format(**(_german(sentence, filling) if locale == "de" else filling))
    return f"{note} {rng.choice(language.endings)}" if rng.random() < 0.25 else note
