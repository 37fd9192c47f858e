"""Coordinates in other frames, on a grid whose file runs to the left and to posterior."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from gliobench.adapters.prediction_files import is_coco, read_coco, read_places
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import (
    Axis,
    Box,
    Box3D,
    Grid,
    Plane,
    Point,
    Point3D,
    Polygon,
)
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Study

FILE = Grid((10, 12, 8), np.diag([-2.0, -2.0, 3.0, 1.0]))
"""Voxel (0, 0, 0) of the file lies at 0 mm; on the RAS+ grid it is (9, 11, 0)."""
STUDY = replace(fake_case("a").study, grid=canonical(FILE), native_grid=FILE)
SLICE = Grid((6, 4, 1), np.diag([-1.0, -1.0, 1.0, 1.0]))
"""A picture of 6 rows and 4 columns."""
PICTURE = replace(fake_case("p").study, grid=canonical(SLICE), native_grid=SLICE)
AXIAL_5 = Plane(Axis.AXIAL, 5)


def placed(path: Path, kind: Form, content: str, study: Study = STUDY) -> object:
    file = path / "places.csv"
    file.write_text(content)
    found = read_places(file, kind, study_ids=[study.id]).localise(study)
    if isinstance(found, Failure):
        return found
    (answer,) = found.answers.values()
    return answer


@pytest.mark.parametrize(
    "content",
    [
        "study_id,x_mm,y_mm,z_mm\na,-2,-4,15\n",
        "study_id,x_mm,y_mm,z_mm,frame\na,2,4,15,LPS\n",
        "study_id,i,j,k\na,1,2,5\n",
        "study_id,i,j,k,frame\na,8,9,5,RAS\n",
        "study_id;i;j;k;frame\na;8,0;9,00;5;RAS\n",
    ],
)
def test_a_point_is_the_same_in_every_frame(tmp_path: Path, content: str) -> None:
    assert placed(tmp_path, Form.POINT_3D, content) == Point3D((8.0, 9.0, 5.0))


def test_a_row_that_names_an_axis_is_on_its_plane(tmp_path: Path) -> None:
    rows = "study_id,axis,i,j,k\na,axial,1.25,2,5\n"

    assert placed(tmp_path, Form.POINT_3D, rows) == Point(AXIAL_5, (7.75, 9.0))
    assert placed(
        tmp_path, Form.POINT_3D, rows.replace("axial", "Sagittal").replace("1.25", "1")
    ) == (Point(Plane(Axis.SAGITTAL, 8), (9.0, 5.0)))


@pytest.mark.parametrize(
    "content",
    [
        "study_id,i_start,j_start,k_start,i_stop,j_stop,k_stop\na,1,2,5,4,3,7\n",
        "study_id,i_min,j_min,k_min,i_max,j_max,k_max\na,1,2,5,3,2,6\n",
        "study_id,i_start,j_start,k_start,i_stop,j_stop,k_stop,frame\na,6,9,5,9,10,7,ras\n",
        "study_id,x_min_mm,y_min_mm,z_min_mm,x_max_mm,y_max_mm,z_max_mm\na,-7,-5,13.5,-1,-3,19.5\n",
    ],
)
def test_a_box_is_the_same_in_every_frame(tmp_path: Path, content: str) -> None:
    assert placed(tmp_path, Form.BOX_3D, content) == Box3D((6, 9, 5), (9, 10, 7))


def test_a_box_in_mm_that_ends_at_the_centres_of_voxels_is_asked_about(tmp_path: Path) -> None:
    head = "study_id,x_min_mm,y_min_mm,z_min_mm,x_max_mm,y_max_mm,z_max_mm\n"

    found = placed(tmp_path, Form.BOX_3D, f"{head}a,-6,-4,15,-2,-2,18\n")

    assert isinstance(found, Failure)
    assert found.reason is FailureReason.UNREADABLE_PREDICTION
    assert "ends at the centres of voxels: wanted its faces" in found.detail


@pytest.mark.parametrize(("degrees", "fails"), [(0.5, False), (20.0, True)])
def test_a_box_in_mm_fails_a_study_that_is_so_tilted_that_it_means_another(
    tmp_path: Path, degrees: float, fails: bool
) -> None:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[cos, -sin, 0, 0], [sin, cos, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    grid = Grid((60, 60, 8), turn @ np.diag([1.0, 1.0, 3.0, 1.0]))
    tilted = replace(fake_case("t").study, grid=canonical(grid), native_grid=grid)
    head = "study_id,x_min_mm,y_min_mm,z_min_mm,x_max_mm,y_max_mm,z_max_mm\n"

    found = placed(tmp_path, Form.BOX_3D, f"{head}t,5,30,3,35,50,9\n", tilted)

    assert isinstance(found, Failure) is fails
    assert not fails or "study t is tilted" in found.detail
    voxels = "study_id,i_min,j_min,k_min,i_max,j_max,k_max\nt,5,20,1,35,40,3\n"
    assert placed(tmp_path, Form.BOX_3D, voxels, tilted) == Box3D((5, 20, 1), (36, 41, 4))


def test_a_box_on_a_plane_needs_no_thickness(tmp_path: Path) -> None:
    head = "study_id,axis,x_min_mm,y_min_mm,z_min_mm,x_max_mm,y_max_mm,z_max_mm\n"

    assert placed(tmp_path, Form.BOX_3D, f"{head}a,axial,-7,-5,15,-1,-3,15\n") == Box(
        AXIAL_5, (6, 9), (9, 10)
    )


def test_a_polygon_keeps_its_vertices(tmp_path: Path) -> None:
    corners = "[[8, 9, 5], [6.5, 9, 5], [6, 7.25, 5]]"
    rows = f'study_id,axis,frame,vertices\na,axial,RAS,"{corners}"\n'

    found = placed(tmp_path, Form.POLYGON, rows)

    assert found == Polygon(AXIAL_5, ((8.0, 9.0), (6.5, 9.0), (6.0, 7.25)))


def test_pixels_are_of_the_picture_file_from_the_corner_of_the_first(tmp_path: Path) -> None:
    point = placed(tmp_path, Form.POINT_3D, "study_id,x_px,y_px\np,1.5,0.5\n", PICTURE)
    box = "study_id,x_min_px,y_min_px,x_max_px,y_max_px\np,1,0,3,2\n"

    # row 0, column 1 of the picture is voxel (0, 1) of the file, (5, 2) on the RAS+ grid
    assert point == Point(Plane(Axis.AXIAL, 0), (5.0, 2.0))
    assert placed(tmp_path, Form.BOX_3D, box, PICTURE) == Box(Plane(Axis.AXIAL, 0), (4, 1), (6, 3))
    of_volume = placed(tmp_path, Form.POINT_3D, "study_id,x_px,y_px\na,1.5,0.5\n")
    assert isinstance(of_volume, Failure)
    assert "no single slice" in of_volume.detail


@pytest.mark.parametrize(
    ("kind", "content", "reason", "said"),
    [
        (Form.POINT_3D, "study_id,x_mm,y_mm,z_mm\nb,0,0,0\n", "missing_prediction", "study a"),
        (Form.POINT_3D, "study_id,axis,i,j,k\na,axial,1,2,9\n", "out_of_range", "slice 9"),
        (
            Form.POINT_3D,
            "study_id,axis,i,j,k\na,axial,1,2,4.5\n",
            "unreadable_prediction",
            "between slices",
        ),
        (
            Form.BOX_3D,
            "study_id,i_min,j_min,k_min,i_max,j_max,k_max\na,1,2,5,30,2,6\n",
            "out_of_range",
            "row 2: box",
        ),
        (
            Form.BOX_3D,
            "study_id,axis,i_min,j_min,k_min,i_max,j_max,k_max\na,axial,1,2,5,3,2,6\n",
            "unreadable_prediction",
            "the box covers 2 axial slices: wanted one",
        ),
        (
            Form.POLYGON,
            'study_id,axis,vertices\na,axial,"[[0,0,5],[1,1,5]]"\n',
            "unreadable_prediction",
            "row 2: polygon of 2 vertices",
        ),
        (Form.POINT_3D, "study_id,i,j,k,failure\na,,,,timeout\n", "timeout", "row 2"),
    ],
)
def test_a_place_that_does_not_fit_fails_its_study(
    tmp_path: Path, kind: Form, content: str, reason: str, said: str
) -> None:
    found = placed(tmp_path, kind, content)

    assert isinstance(found, Failure)
    assert found.reason is FailureReason(reason)
    assert said in found.detail


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        (Form.POINT_3D, "study_id,x,y,z\na,1,2,3\n", "no coordinates: wanted x_mm, y_mm, z_mm"),
        (Form.POINT_3D, "study_id,x_mm,y_mm,z_mm,i,j,k\na,1,2,3,1,2,3\n", "of several kinds"),
        (Form.POINT_3D, "study_id,i,j,k\na,1,2,3\na,1,2,3\n", "row 3: the point_3d of study a"),
        (Form.POINT_3D, "study_id,i,j,k\na,1,two,3\n", "row 2: j 'two': wanted a finite number"),
        (Form.POINT_3D, "study_id,i,j,k\na,1,NaN,3\n", "row 2: j None: wanted a finite number"),
        (Form.POINT_3D, "study_id,i,j,k,frame\na,1,2,3,LPS\n", "frame 'lps': wanted file or ras"),
        (Form.POINT_3D, "study_id,axis,i,j,k\na,left,1,2,3\n", "axis 'left': wanted axial"),
        (Form.POINT_3D, "study_id,i,j,k\n", "the table has no row"),
        (
            Form.POINT_3D,
            "study_id,x_mm,y_mm,z_mm,space\na,1,2,3,LPS\n",
            "column 'space' says 'LPS': wanted it called frame",
        ),
        (
            Form.POINT_3D,
            "study_id,x_mm,y_mm,z_mm,frame\na,1,2,3,LPS\nb,1,2,3,\n",
            "1 of 2 rows name a frame: wanted all",
        ),
        (
            Form.POINT_3D,
            "study_id,i,j,k\na,0.5,0.25,0.5\nb,0.5,1,0\n",
            "every coordinate lies from 0 to 1, as fractions do: wanted voxels",
        ),
        (
            Form.POINT_3D,
            "study_id,x_mm,y_mm,z_mm\na,0.02,-0.03,0.01\nb,0.04,0.01,0.05\n",
            "as fractions do: wanted millimetres",
        ),
        (
            Form.BOX_3D,
            "study_id,i_min,j_min,k_min,i_max,j_max,k_max\na,5,2,5,3,2,6\n",
            "row 2: the box ends before it begins",
        ),
        (Form.POLYGON, 'study_id,vertices\na,"[[0,0,5]]"\n', "no axis"),
        (Form.POLYGON, "study_id,axis,vertices\na,axial,1 2 3\n", "wanted a JSON list of vertices"),
        (Form.POLYGON, 'study_id,axis,vertices\na,axial,"[[1,2]]"\n', "lists of 3 coordinates"),
        (
            Form.POLYGON,
            'study_id,axis,vertices\na,axial,"[[1,2,null]]"\n',
            "wanted a finite number",
        ),
    ],
)
def test_a_table_that_is_none_of_places_is_refused(
    tmp_path: Path, kind: Form, content: str, said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said) as found:
        placed(tmp_path, kind, content)
    assert "\n" not in str(found.value)


def test_no_tumour_and_the_oracle_are_said_in_the_table(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text("study_id,i,j,k,failure,oracle\na,,,,no_tumour_found,true\n")

    found = read_places(file, Form.POINT_3D).localise(STUDY)

    assert isinstance(found, LocalisationPrediction)
    assert found.oracle
    failure = found.answers[Form.POINT_3D]
    assert isinstance(failure, Failure)
    assert failure.reason is FailureReason.NO_TUMOUR_FOUND  # which is read as the answer NO_TUMOUR
    assert NO_TUMOUR not in found.answers.values()


COCO = {
    "images": [{"id": 7, "file_name": "image/p.png"}, {"id": 8, "file_name": "q.png"}],
    "annotations": [
        {"image_id": 7, "bbox": [0, 0, 1, 1], "score": 0.2},
        {"image_id": 7, "bbox": [1, 0, 2, 2], "score": 0.9, "segmentation": [[1, 0, 3, 0, 3, 2]]},
    ],
}


def coco(path: Path, document: object, kind: Form = Form.BOX_3D) -> object:
    file = path / "coco.json"
    file.write_text(json.dumps(document))
    assert is_coco(file)
    found = read_coco(file, kind).localise(PICTURE)
    return found if isinstance(found, Failure) else next(iter(found.answers.values()))


def test_coco_gives_the_best_box_and_outline_of_a_picture(tmp_path: Path) -> None:
    plane = Plane(Axis.AXIAL, 0)
    results = [{"image_id": "p", "category_id": 1, "bbox": [1, 0, 2, 2], "score": 0.5}]

    assert coco(tmp_path, COCO) == Box(plane, (4, 1), (6, 3))
    assert coco(tmp_path, results) == Box(plane, (4, 1), (6, 3))
    assert coco(tmp_path, COCO, Form.POLYGON) == Polygon(
        plane, ((5.5, 2.5), (5.5, 0.5), (3.5, 0.5))
    )


@pytest.mark.parametrize(("width", "height"), [(8, 12), (6, 4), (2, 6)])
def test_coco_of_pictures_of_another_size_than_the_slice_fails(
    tmp_path: Path, width: int, height: int
) -> None:
    image = {"id": 7, "file_name": "p.png", "width": width, "height": height}

    found = coco(tmp_path, COCO | {"images": [image], "annotations": COCO["annotations"]})

    assert isinstance(found, Failure)
    assert found.reason is FailureReason.WRONG_GRID
    assert f"({width}, {height})" in found.detail


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"annotations": [{"image_id": 9, "bbox": [0, 0, 1, 1]}]}, "annotation of image 9"),
        (
            {"annotations": [{"image_id": 7, "bbox": [0, 0, 1, 1]}] * 2},
            "several boxes of one score",
        ),
        ({"annotations": [{"image_id": 7, "bbox": ["a"]}]}, "annotations"),
        ({"annotations": 3}, "annotations"),
        (
            {"images": [{"id": 7, "file_name": "p.png"}, {"id": 7, "file_name": "r.png"}]},
            "two images",
        ),
        (
            {
                "annotations": [
                    {"image_id": 7, "bbox": [0, 0, 1, 1], "category_id": 1},
                    {"image_id": 8, "bbox": [0, 0, 1, 1], "category_id": 2},
                ]
            },
            "category_id 1 and 2",
        ),
        (
            {
                "annotations": [
                    {"image_id": 7, "bbox": [0.1, 0.2, 0.5, 0.5]},
                    {"image_id": 8, "bbox": [0.3, 0.2, 0.5, 1]},
                ]
            },
            "every coordinate lies from 0.1 to 1, as fractions do: wanted pixels",
        ),
    ],
)
def test_coco_that_contradicts_itself_is_refused(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said):
        coco(tmp_path, COCO | change)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ([1, 1, 0, 1], FailureReason.INVERTED_BOX),
        ([1, 1, 1], FailureReason.WRONG_ARITY),
        ([1, 1, 90, 1], FailureReason.OUT_OF_RANGE),
    ],
)
def test_a_wrong_box_of_coco_fails_its_picture(
    tmp_path: Path, box: list[float], reason: FailureReason
) -> None:
    found = coco(tmp_path, [{"image_id": "p", "bbox": box}])

    assert isinstance(found, Failure)
    assert found.reason is reason


def test_boxes_are_read_beside_masks_in_runs_which_are_no_outlines(tmp_path: Path) -> None:
    runs = {"size": [4, 6], "counts": "0123"}
    document = [{"image_id": "p", "bbox": [1, 0, 2, 2], "segmentation": runs}]

    assert coco(tmp_path, document) == Box(Plane(Axis.AXIAL, 0), (4, 1), (6, 3))
    with pytest.raises(InvalidInputError, match=r"masks in runs \(RLE\): wanted outlines"):
        coco(tmp_path, document, Form.POLYGON)


def test_boxes_that_are_all_corners_read_as_sizes_are_refused(tmp_path: Path) -> None:
    def document(*sizes: tuple[int, int]) -> dict[str, object]:
        boxes = [[20 + at, 15, *size] for at, size in enumerate(sizes)]
        return {
            "images": [{"id": at, "file_name": f"{at}.png"} for at in range(len(boxes))],
            "annotations": [{"image_id": at, "bbox": box} for at, box in enumerate(boxes)],
        }

    corners = [(40, 30)] * 8
    file = tmp_path / "boxes.json"
    file.write_text(json.dumps(document(*corners)))
    with pytest.raises(InvalidInputError, match="as x, y and the other corner are: wanted x, y, w"):
        read_coco(file, Form.BOX_3D)

    file.write_text(json.dumps(document(*corners[1:], (12, 30))))
    assert read_coco(file, Form.BOX_3D).holds("7")
