"""Given and family names by language, made up into people."""

import random
import unicodedata
from dataclasses import dataclass

from portal.exchange.demo.kit import Json

#: Weight, given names of women, of men, family names
#: (``/`` where those of men and women differ, ``_`` for a space).
_LANGUAGES: tuple[tuple[int, str, str, str], ...] = (
    (
        34,
        "Anna Lena Marie Sophie Katharina Hannelore Franziska Johanna Käthe Ulrike Sabine Birgit Petra Svenja "
        "Antje Heike Miriam Annika Friederike Jördis Carolin Nele Dörte Silke Marlene Theresa Vanessa Ines Greta "
        "Ronja",
        "Lukas Jonas Jürgen Björn Matthias Sebastian Hans-Peter Karl-Heinz Stefan Tobias Götz Jörg Günther "
        "Rüdiger Felix Maximilian Florian Holger Torsten Uwe Andreas Dominik Moritz Leon Kilian Henning Sönke "
        "Ansgar Fabian Malte",
        "Müller Schmidt Schäfer Weiß Köhler Krüger Groß Böhm Jäger Vogel Winkler Lorenz Kühn Pohl Engel Günther "
        "Brandt Haas Schreiber Dietrich Ziegler Kuhn Löwe Sauer Arnold Pfeiffer Ebert Rösler Süß Wüst Nußbaum "
        "Thielemann Steinbrück Hartmann-Lüders Meyer-Schröder Förster Bär Kästner Öhler Übelacker Fußmann "
        "Großkopf Lindner Beckers Oelze Harms Petersen Claasen Ehlers Buchholz Riemann Noack Kretschmer Zschoche "
        "Wieczorek Heß Strauß Eßer Trautmann Wendt",
    ),
    (
        11,
        "Emily Charlotte Grace Hannah Olivia Ruth Abigail Zoë Chloë Imogen Fiona Harriet Naomi Georgia Tamsin",
        "James Oliver Thomas Daniel Harry Callum Duncan Rhys Owen Marcus Elliot Nathan Graham Toby Alistair",
        "Smith Taylor Walker Hughes Bennett Carter Fletcher Ward Holloway Pemberton Whitfield Ashworth Turner "
        "Griffiths St._John Barrington-Ward Morgan Hargreaves Thornton Lovell Okafor Sinclair MacLeod",
    ),
    (
        6,
        "Camille Élodie Chloé Amélie Zoé Inès Mélanie Hélène Aurélie Noémie Marie-Claire Anaïs",
        "Jean-Luc François Rémi Jérôme Étienne Benoît Théo Loïc Grégoire Aurélien Maël Cédric",
        "Lefèvre Dubois Moreau Girard Fournier Bézier Château D'Aubigné L'Hermite Béranger Gauthier Noël "
        "Delacroix Perrault Rousseau De_La_Tour Crépin Vasseur Maréchal",
    ),
    (
        4,
        "Sanne Femke Lotte Anouk Maaike Marijke Fleur Roos Noortje",
        "Daan Sjoerd Bram Joost Ruben Thijs Wouter Gijs Pieter",
        "De_Vries Van_den_Berg Jansen Van_'t_Hof Bakker Hoekstra De_Graaf Ter_Horst Dijkstra Kuipers Van_der_Meer "
        "In_'t_Veld",
    ),
    (
        5,
        "Lucía María_José Begoña Inés Sofía Núria Montserrat Itziar Ángela Rocío",
        "Álvaro José Íñigo Andrés Martín Joaquín Raúl Óscar Adrián Jesús",
        "García_López Muñoz Ibáñez Núñez Peña Domínguez Ordóñez Gutiérrez Vázquez Castaño Zúñiga Echeverría Puig Sáenz",
    ),
    (
        4,
        "Giulia Chiara Francesca Alessia Ludovica Beatrice Noemi",
        "Luca Matteo Niccolò Davide Lorenzo Gianluca Tommaso",
        "Rossi D'Angelo Dell'Acqua Bianchi Lo_Russo Ferrari Esposito Conti De_Santis Vitale Nicolò Cantù",
    ),
    (
        4,
        "Agnieszka Małgorzata Zofia Grażyna Łucja Katarzyna Bożena Elżbieta",
        "Łukasz Paweł Michał Krzysztof Stanisław Wojciech Jędrzej Rafał",
        "Kowalski/Kowalska Wiśniewski/Wiśniewska Wójcik Zieliński/Zielińska Szymański/Szymańska Dąbrowski/Dąbrowska "
        "Jabłoński/Jabłońska Król Pawłowski/Pawłowska Gołąb Żak Świątek",
    ),
    (
        3,
        "Tereza Kateřina Žaneta Jiřina Markéta Božena",
        "Jiří Ondřej Tomáš Zdeněk Přemysl Matěj",
        "Dvořák/Dvořáková Novotný/Novotná Černý/Černá Procházka/Procházková Růžička/Růžičková Kučera/Kučerová "
        "Šťastný/Šťastná Žák Němec/Němcová Kříž/Křížová",
    ),
    (
        5,
        "Ayşe Zeynep Gülşen Şebnem Çağla Elif Özlem İrem",
        "Mehmet Emre Çağrı Burak Oğuz Yiğit Barış Gökhan",
        "Yılmaz Öztürk Şahin Çelik Kaya Demir Aydoğan Güneş Bıçakçı Erdoğdu Doğan Koç",
    ),
    (
        4,
        "Åsa Linnéa Sølvi Maja Ingrid Freja Bodil Märta Kirsten",
        "Bjørn Søren Jørgen Håkan Åke Lars Mikkel Göran Øystein",
        "Lindström Sørensen Ødegård Åkesson Kjær Holmgren Bergström Nygård Hammarskjöld Dahl Møller Rasmussen",
    ),
    (
        2,
        "Aino Päivi Hilla Tuuli Jenni",
        "Väinö Jyrki Mikko Pekka Eero",
        "Mäkelä Hämäläinen Nieminen Järvinen Lehtonen Yli-Pohja Saarinen",
    ),
    (
        3,
        "Beatriz Inês Conceição Joana Letícia Débora",
        "João Gonçalo Tomé Simão Vítor Thiago",
        "Magalhães Gonçalves Araújo Simões Conceição Assunção Teixeira Brandão Ferrão",
    ),
    (
        3,
        "Ioana Ştefania Mădălina Réka Zsófia Ágnes",
        "Ştefan Răzvan Ionuț Gergő Ádám László",
        "Țurcanu Ionescu Brâncuș Nagy Szabó Kővári Tőkés Horváth Fülöp",
    ),
    (
        3,
        "Oksana Olena Iryna Yuliia Nataliya Svitlana",
        "Oleksandr Bohdan Taras Serhii Mykola Ruslan",
        "Shevchenko Kovalenko Bondar Mel'nyk Hryhorenko Lysenko Tkachuk Zub'yuk",
    ),
    (
        3,
        "Mirjana Željka Snežana Đurđica Anđela Maša",
        "Goran Dražen Željko Nenad Saša Đorđe",
        "Jovanović Marković Šarić Babić Đukić Hadžić Kovačević Petrović",
    ),
    (
        3,
        "Aisha Fatima Layla Noor Yasmin Salma",
        "Omar Yusuf Khaled Tariq Hassan Samir",
        "Al-Masri El-Sayed Haddad Abu_Zaid Ben_Salah Nasser Khoury Mansour Al-Rashid",
    ),
    (
        4,
        "Priya Ananya Divya Lakshmi Kavya Meera",
        "Arjun Rohan Vikram Sanjay Aditya Karthik",
        "Sharma Iyer Patel Reddy Chatterjee Nair Banerjee Subramanian Kulkarni Deshpande",
    ),
    (
        4,
        "Mei Xiaoli Yuting Jiayi Min-ji Seo-yeon Haruka Yui Sakura",
        "Wei Haoran Jun Min-ho Ji-hoon Kenji Takumi Hiroshi Ren",
        "Zhang Wang Liu Huang Kim Park Choi Tanaka Watanabe Kobayashi Ōno Itō",
    ),
    (
        2,
        "Linh Thảo Hương Ngọc",
        "Minh Đức Quang Hùng",
        "Nguyễn Trần Phạm Đặng Võ Bùi",
    ),
    (
        3,
        "Siobhán Aoife Róisín Caoimhe Niamh",
        "Seán Cillian Pádraig Oisín Eoghan",
        "O'Brien O'Connor Ó_Súilleabháin/Ní_Shúilleabháin MacCarthy Ó_Domhnaill/Ní_Dhomhnaill Byrne O'Shaughnessy "
        "Fitzgerald",
    ),
    (
        3,
        "Adaeze Ngozi Wanjirũ Amara Tsehay Folasadé",
        "Chinedu Kwame Tendai Kofi Babatúndé Abebe",
        "Adeyemi Mensah Nwosu Owusu Bekele Mwangi Ọbáfẹ́mi Diallo N'Diaye Traoré",
    ),
)

#: Names that people write in their own script, with the Latin one for their address.
_OWN_SCRIPT = (
    ("王伟", "wei.wang"),
    ("李娜", "na.li"),
    ("张敏", "min.zhang"),
    ("陈静怡", "jingyi.chen"),
    ("山田太郎", "taro.yamada"),
    ("佐藤 美咲", "misaki.sato"),
    ("鈴木 健", "ken.suzuki"),
    ("高橋 陽菜", "hina.takahashi"),
    ("김민준", "minjun.kim"),
    ("이서연", "seoyeon.lee"),
    ("박지호", "jiho.park"),
)

_TITLES = ("Dr", "Dr", "Dr", "Dr", "Prof. Dr", "Prof.", "Dipl.-Ing.")
_ASCII = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "ø": "oe",
        "å": "aa",
        "æ": "ae",
        "ł": "l",
        "đ": "d",
        "ı": "i",
        "œ": "oe",
    }
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: the name in parts, the mailbox made of it (before the ``@``), and what relatives have in "
    "common."""

    parts: Json
    mailbox: str
    family: str = ""
    language: int | None = None


def plain(text: str) -> str:
    """Lower-case ASCII letters, digits and dashes that are left of a text in a Latin script."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(_ASCII))
    words = (
        "".join(char for char in folded if char.isascii() and (char.isalnum() or char in " -"))
        .replace("-", " ")
        .split()
    )
    return "-".join(words)


class People:
    """Everybody in the demo; a name may come twice, as it does in life."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._languages = [(women.split(), men.split(), families.split()) for _, women, men, families in _LANGUAGES]
        self._weights = [weight for weight, *_ in _LANGUAGES]

    def someone(self, relative: Person | None = None) -> Person:
        """A person; with ``relative`` mostly one of the same family name."""
        rng = self._rng
        if relative is None and rng.random() < 0.012:
            full_name, mailbox = rng.choice(_OWN_SCRIPT)
            return Person({"_scheme": "full", "full_name": full_name}, mailbox)
        language = rng.choices(range(len(self._languages)), self._weights)[0]
        if relative is not None and relative.language is not None and rng.random() < 0.9:
            language = relative.language
        women, men, families = self._languages[language]
        woman = rng.random() < 0.48
        given = rng.choice(women if woman else men)
        family = rng.choice(families)
        if relative is not None and relative.language == language and rng.random() < 0.75:
            family = relative.family
        return self._named(given.replace("_", " "), family, woman, language)

    def _named(self, given: str, both: str, woman: bool, language: int) -> Person:
        rng = self._rng
        family = both.split("/")[-1 if woman else 0].replace("_", " ")
        mailbox = f"{plain(given)}.{plain(family)}"
        throw = rng.random()
        if throw < 0.9:
            parts: Json = {"_scheme": "given_family", "given_name": given, "family_name": family}
        elif throw < 0.96:
            parts = {
                "_scheme": "salutation_title_given_family",
                "salutation": rng.choice(("", "Ms" if woman else "Mr")),
                "title": rng.choice(_TITLES) if rng.random() < 0.7 else "",
                "given_name": given,
                "family_name": family,
            }
        else:
            parts = {"_scheme": "full", "full_name": f"{given} {family}"}
        return Person(parts, mailbox, both, language)
