"""Flights by py_ballisticcalc: cases as JSON on standard input, answers as JSON on standard output.

A case is {velocity, angle, bc, table, distances, wind_along, wind_across, altitude}; SI units, radians, BC in lb/in^2.
An answer is a list per distance: [height, drift, time, speed].
"""
import json
import math
import sys

from py_ballisticcalc import (
    Ammo, Angular, Atmo, Calculator, Distance, DragModel, Shot, TableG1, TableG7, Velocity, Weapon, Wind,
)

TABLES = {"g1": TableG1, "g7": TableG7}


def fly(case):
    ammo = Ammo(DragModel(case["bc"], TABLES[case["table"]]), mv=Velocity.MPS(case["velocity"]))
    atmo = Atmo.icao(altitude=Distance.Meter(case["altitude"]))
    speed = math.hypot(case["wind_along"], case["wind_across"])
    # direction_from: 0 blows from behind, 90 degrees from the left.
    direction = math.degrees(math.atan2(case["wind_across"], case["wind_along"]))
    winds = [Wind(velocity=Velocity.MPS(speed), direction_from=Angular.Degree(direction))] if speed > 0 else []
    shot = Shot(ammo=ammo, weapon=Weapon(sight_height=Distance.Meter(0)), atmo=atmo, winds=winds,
                relative_angle=Angular.Radian(case["angle"]))
    end = max(case["distances"])
    result = Calculator().fire(shot, trajectory_range=Distance.Meter(end + 5), trajectory_step=Distance.Meter(25), dense_output=True)
    rows = []
    for distance in case["distances"]:
        at = result.get_at("distance", Distance.Meter(distance))
        rows.append([at.height >> Distance.Meter, at.windage >> Distance.Meter, at.time, at.velocity >> Velocity.MPS])
    return rows


json.dump([fly(case) for case in json.load(sys.stdin)], sys.stdout)
