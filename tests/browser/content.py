"""What the gallery's pages say: a region's cooperative, its state board, three teachers. None of them exists."""

from __future__ import annotations

from collections.abc import Mapping

from tests.browser.site import Json

COOPERATIVE = {
    "name": "Cumberland Plateau Educational Cooperative",
    "description": "Serves twenty-three school districts in the mountains. Its teachers write, assess and issue "
    "micro-credentials for their own practice.",
    "email": "badges@cumberland.example.org",
}
BOARD = {
    "name": "State Board for Educator Standards",
    "description": "Licenses educators and recognises micro-credentials for rank and renewal.",
    "email": "credentials@board.example.org",
}
EARNERS = (
    ("Ana Delgado-Reyes", "ana.delgado@schools.example.org"),
    ("Zoë Fairchild", "zoe.fairchild@schools.example.org"),
    ("王小明", "xiaoming.wang@schools.example.org"),
)
WORDS = """The Board endorses this micro-credential. It counts for **three hours** of professional learning towards the
renewal of a teaching certificate."""
RESULTS = [
    {"criterion": "Purpose of each assessment", "level": "Exemplary"},
    {"criterion": "Quality of the assessments", "level": "Proficient"},
    {"criterion": "Use of what they show", "level": "Exemplary"},
]
EVIDENCE = [
    {
        "name": "Assessment map of one unit",
        "genre": "Map",
        "audience": "Colleagues",
        "description": "Nine assessments on one page, from exit slips to the unit test, each with its purpose.",
    },
    {
        "name": "Work of four pupils with notes",
        "genre": "Pupils' work",
        "audience": "Assessors",
        "description": "What each answer shows, and what was taught differently on the next day.",
        "sha256": "5d" * 32,
    },
]
_LEVELS = [
    {"name": name, "level": str(number), "points": str(number)}
    for number, name in enumerate(("Developing", "Proficient", "Exemplary"), 1)
]
_ABOUT = {
    "Assessment literacy": "Chooses, writes and reads classroom assessments so that they change what is taught next.",
    "Collaborative coaching": "Coaches a colleague through one cycle of planning, watching and talking.",
    "Learning structures": "Sets up routines in which every pupil talks, writes and is heard.",
    "Building relationships": "Knows each pupil well enough to teach them, and shows how.",
}
PLAIN = {
    "name": "Orientation day",
    "description": "Took part in the orientation day of the cooperative.",
    "criteria": {"narrative": "Be there for the whole day."},
}


def achievement(name: str) -> Json:
    """A micro-credential with a rubric, criteria in Markdown, standards and words to find it by."""
    return {
        "name": name,
        "description": _ABOUT.get(name, f"Shows {name.lower()} in one's own school."),
        "achievementType": "MicroCredential",
        "creditsAvailable": 3,
        "criteria": {
            "narrative": "Submit evidence from **your own classroom**:\n\n1. a plan for one unit\n2. work of four "
            "pupils, with what you saw in it\n3. a reflection of at most two pages\n\nTwo trained assessors read "
            "it without knowing whose it is. Each criterion has to be *Proficient* or better."
        },
        "alignment": [
            {
                "type": ["Alignment"],
                "targetName": "Assessment",
                "targetFramework": "Model Core Teaching Standards",
                "targetCode": "Standard 6",
                "targetDescription": "The teacher understands and uses multiple methods of assessment.",
                "targetUrl": "https://standards.example.org/teaching/6",
            },
            {
                "type": ["Alignment"],
                "targetName": "Planning for instruction",
                "targetFramework": "Model Core Teaching Standards",
                "targetCode": "Standard 7",
                "targetUrl": "https://standards.example.org/teaching/7",
            },
        ],
        "tag": ["formative assessment", "rubrics"],
        "resultDescription": [
            {
                "name": each["criterion"],
                "resultType": "RubricCriterionLevel",
                "requiredLevel": "Proficient",
                "rubricCriterionLevel": _LEVELS,
            }
            for each in RESULTS
        ],
    }


def stack_of(base_url: str, crown: str, members: Mapping[str, str]) -> Json:
    """The body that makes a stack of these achievements (ids by name), which awards another one."""
    return {
        "achievement": crown,
        "stack": {
            "name": "Instructional leader",
            "description": "Four micro-credentials for teachers who lead the teaching of others.",
            "members": [
                {"key": f"m{number}", "title": name, "achievement": f"{base_url}/achievements/{each}"}
                for number, (name, each) in enumerate(members.items(), 1)
            ],
            "rule": {"at_least": len(members)},
        },
    }
