"""Companies that do not exist, in cities that do."""

import random
from dataclasses import dataclass

from portal.exchange.demo.kit import weighted
from portal.exchange.demo.names import plain

#: Reserved for examples: no mail to these ever reaches anybody.
EXAMPLE_DOMAINS = ("example.org", "example.com", "example.net")


@dataclass(frozen=True, slots=True)
class City:
    """A city, its country and how companies there sign their names."""

    name: str
    country: str
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Company:
    """An employer of attendees."""

    name: str
    domain: str
    city: City


_GERMAN = ("GmbH", "GmbH", "GmbH & Co. KG", "AG", "eG", "")
_AUSTRIAN = ("GmbH", "OG", "AG")
_SWISS = ("AG", "GmbH", "Sàrl")
_BRITISH = ("Ltd", "Ltd", "LLP", "")
_DUTCH = ("B.V.", "B.V.", "Coöperatie")
_FRENCH = ("SAS", "SARL", "SA")
_NORDIC = ("AB", "A/S", "Oy", "AS")
_POLISH = ("Sp. z o.o.", "S.A.")
_OTHER = ("Inc.", "Ltd", "Group", "")

_CITIES: tuple[tuple[City, float], ...] = tuple(
    (City(name, country, forms), weight)
    for country, forms, cities in (
        (
            "DE",
            _GERMAN,
            "Berlin 16, Hamburg 8, München 8, Köln 6, Leipzig 4, Frankfurt am Main 4, Stuttgart 4, Düsseldorf 3, "
            "Nürnberg 3, Dresden 3, Bremen 2, Hannover 2, Heidelberg 2, Göttingen 1, Würzburg 1, Saarbrücken 1, "
            "Lübeck 1, Tübingen 1",
        ),
        ("AT", _AUSTRIAN, "Wien 4, Graz 1, Linz 1, Innsbruck 1"),
        ("CH", _SWISS, "Zürich 3, Basel 1, Genève 1, Bern 1"),
        ("GB", _BRITISH, "London 4, Manchester 1, Edinburgh 1, Bristol 1"),
        ("IE", _BRITISH, "Dublin 1, Cork 1"),
        ("NL", _DUTCH, "Amsterdam 2, Utrecht 1, Rotterdam 1, 's-Hertogenbosch 1"),
        ("FR", _FRENCH, "Paris 2, Lyon 1, Strasbourg 1"),
        ("BE", _DUTCH, "Antwerpen 1, Liège 1"),
        ("PL", _POLISH, "Warszawa 1, Kraków 1, Łódź 1, Wrocław 1"),
        ("CZ", _POLISH, "Praha 1, Brno 1"),
        ("DK", _NORDIC, "København 1, Århus 1"),
        ("SE", _NORDIC, "Malmö 1, Göteborg 1"),
        ("FI", _NORDIC, "Helsinki 1, Jyväskylä 1"),
        ("ES", _OTHER, "Madrid 1, València 1, A Coruña 1"),
        ("PT", _OTHER, "Lisboa 1, Évora 1"),
        ("IT", _OTHER, "Milano 1, Forlì 1"),
        ("TR", _OTHER, "İstanbul 1, İzmir 1"),
        ("US", _OTHER, "Portland 1, Ann Arbor 1"),
        ("IN", _OTHER, "Bengaluru 1, Pune 1"),
        ("JP", _OTHER, "Kyōto 1, Yokohama 1"),
        ("BR", _OTHER, "São Paulo 1"),
    )
    for name, weight in ((entry.rsplit(" ", 1)[0], float(entry.rsplit(" ", 1)[1])) for entry in cities.split(", "))
)


def _words(text: str) -> list[str]:
    return text.split()


_STEMS = _words(
    "Nordlicht Steinbock Kupferkiesel Windrose Blauwal Morgenrot Silberdistel Haselnuss Feldlerche Ankerplatz "
    "Sternschnuppe Ziegenpeter Moorhuhn Wolkenbruch Papierflieger Brombeer Eisvogel Kieselgrund Flaschenzug "
    "Zugvogel Harbourstone Foxglove Quillfeather Lanternhill Saltmarsh Copperleaf Thistledown Bramblewick "
    "Oakenshaw Merrymeet Puddleduck Ravensbridge Hollyhock Windlass Bluebottle Grindlewood Larkspur Tidewater "
    "Belletoile Petitpont Vertbois Grandlac Molenwiek Zilvermeeuw Tulpenveld Polarräv Björkdal Fjordlys "
    "Złotyklon Zielonylas Modrásova Luzverde Costaclara Marebello Yakamoz Sakurazaka"
)
_TRADES = _words(
    "Analytics Logistik Software Consulting Kongress Medien Robotics Optik Energie Verlag Bühnentechnik "
    "Architektur Textil Systems Events Catering Labs Mobility Payments Druck Akustik Research Sensorik Ticketing "
    "Design Werbung Touristik"
)
_INSTITUTIONS = (
    "Universität {}",
    "Hochschule {}",
    "Stadtwerke {}",
    "Messegesellschaft {}",
    "Kulturamt {}",
    "Theaterhaus {}",
    "Volkshochschule {}",
)


def some_city(rng: random.Random) -> City:
    """A city, the larger ones more often."""
    return weighted(rng, _CITIES)


def make_companies(rng: random.Random, count: int) -> list[Company]:
    """Companies with different names and domains; the first are the larger ones."""
    names = [f"{stem} {trade}" for stem in _STEMS for trade in _TRADES]
    companies = []
    institutions: set[str] = set()
    for number, name in enumerate(rng.sample(names, count)):
        city = some_city(rng)
        full = f"{name} {rng.choice(city.forms)}".strip()
        if city.country == "DE" and rng.random() < 0.2:
            institution = rng.choice(_INSTITUTIONS).format(city.name)
            if institution not in institutions:
                institutions.add(institution)
                full = name = institution
        domain = f"{plain(name)}.{EXAMPLE_DOMAINS[number % len(EXAMPLE_DOMAINS)]}"
        companies.append(Company(full, domain, city))
    return companies
