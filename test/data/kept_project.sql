-- A project as sonde 0.1.0 kept it (schema version 2): every kind of action, on a picture and on a volume.
PRAGMA application_id = 1397638209;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE answers(
  event INTEGER NOT NULL REFERENCES events(id),
  position INTEGER NOT NULL,
  predicted_iou REAL NOT NULL, stability REAL NOT NULL,
  voxels BLOB NOT NULL);
INSERT INTO "answers" VALUES(8,0,9.29999999999999937827e-01,0.9,X'A202012603240524032601');
INSERT INTO "answers" VALUES(8,1,9.09999999999999920063e-01,0.9,X'D2010125052207210720092007210722052501');
INSERT INTO "answers" VALUES(8,2,8.899999999999999023e-01,0.9,X'820101240720091E0B1D0B1D0B1C0D1C0B1D0B1D0B1E0920072401');
INSERT INTO "answers" VALUES(9,0,9.29999999999999937827e-01,0.9,X'A202012603240425032601');
INSERT INTO "answers" VALUES(9,1,9.09999999999999920063e-01,0.9,X'D2010125052206220522062305230623052501');
INSERT INTO "answers" VALUES(9,2,8.899999999999999023e-01,0.9,X'820101240720091E0B1D0820072008210721082009200920072401');
INSERT INTO "answers" VALUES(12,0,9.29999999999999937827e-01,0.9,X'820101240720091E0B1D0820081F0A1F0A1E091F09200920072401');
INSERT INTO "answers" VALUES(12,1,9.09999999999999920063e-01,0.9,X'820101240720091E0B1D0A1E0B1C0C1D0C1C0B1D0B1E0920072401');
INSERT INTO "answers" VALUES(12,2,8.899999999999999023e-01,0.9,X'8201012407200A1D0C1C0D1B0D1A0E1B0E1A0D1B0D1C0C1D0A20072401');
INSERT INTO "answers" VALUES(26,0,0.9,0.95,X'F90103250325032503');
INSERT INTO "answers" VALUES(26,1,0.9,0.95,X'9C04012603240524032601');
INSERT INTO "answers" VALUES(26,2,0.9,0.95,X'E50603250325032503');
INSERT INTO "answers" VALUES(27,0,0.0,0.0,X'CC0802');
INSERT INTO "answers" VALUES(34,0,9.29999999999999937827e-01,0.9,X'8608010C030A050A030C01');
INSERT INTO "answers" VALUES(34,1,9.09999999999999920063e-01,0.9,X'F607050807070706090607070708050B01');
INSERT INTO "answers" VALUES(34,2,8.899999999999999023e-01,0.9,X'F3070B030B030B020C030B030B030B04090607');
CREATE TABLE changes(
  event INTEGER NOT NULL REFERENCES events(id),
  object INTEGER NOT NULL,
  image INTEGER NOT NULL REFERENCES images(id),
  before TEXT, after TEXT,
  delta BLOB NOT NULL);
INSERT INTO "changes" VALUES(8,1,1,NULL,'{"area":13,"asked_at":8,"id":1,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9299999999999999,0.9,13],[0.9099999999999999,0.9,49],[0.8899999999999999,0.9,113]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":{"box":null,"points":[[10.0,9.0,1]],"window":"auto"},"target":null},"slices":[[0,0],[18,22],[27,31]],"source":"prompt","state":"proposed"}',X'A202012603240524032601');
INSERT INTO "changes" VALUES(9,1,1,'{"area":13,"asked_at":8,"id":1,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9299999999999999,0.9,13],[0.9099999999999999,0.9,49],[0.8899999999999999,0.9,113]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":{"box":null,"points":[[10.0,9.0,1]],"window":"auto"},"target":null},"slices":[[0,0],[18,22],[27,31]],"source":"prompt","state":"proposed"}','{"area":12,"asked_at":9,"id":1,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9299999999999999,0.9,12],[0.9099999999999999,0.9,40],[0.8899999999999999,0.9,92]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":{"box":[4.0,3.0,16.5,15.0],"points":[[10.0,9.0,1],[14.5,9.25,0]],"window":"40,80.5"},"target":null},"slices":[[0,0],[18,22],[28,31]],"source":"prompt","state":"proposed"}',X'F40201');
INSERT INTO "changes" VALUES(10,1,1,'{"area":12,"asked_at":9,"id":1,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9299999999999999,0.9,12],[0.9099999999999999,0.9,40],[0.8899999999999999,0.9,92]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":{"box":[4.0,3.0,16.5,15.0],"points":[[10.0,9.0,1],[14.5,9.25,0]],"window":"40,80.5"},"target":null},"slices":[[0,0],[18,22],[28,31]],"source":"prompt","state":"proposed"}','{"area":92,"asked_at":9,"id":1,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9299999999999999,0.9,12],[0.9099999999999999,0.9,40],[0.8899999999999999,0.9,92]],"chosen":2,"plane":{"axis":"axial","slice":0},"prompt":{"box":[4.0,3.0,16.5,15.0],"points":[[10.0,9.0,1],[14.5,9.25,0]],"window":"40,80.5"},"target":null},"slices":[[0,0],[14,26],[24,35]],"source":"prompt","state":"proposed"}',X'820101240720091E0B1D050102200423042504240501022009200920072401');
INSERT INTO "changes" VALUES(11,1,1,'{"area":92,"asked_at":9,"id":1,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9299999999999999,0.9,12],[0.9099999999999999,0.9,40],[0.8899999999999999,0.9,92]],"chosen":2,"plane":{"axis":"axial","slice":0},"prompt":{"box":[4.0,3.0,16.5,15.0],"points":[[10.0,9.0,1],[14.5,9.25,0]],"window":"40,80.5"},"target":null},"slices":[[0,0],[14,26],[24,35]],"source":"prompt","state":"proposed"}','{"area":92,"asked_at":0,"id":1,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[14,26],[24,35]],"source":"prompt","state":"approved"}',X'');
INSERT INTO "changes" VALUES(12,2,1,NULL,'{"area":99,"asked_at":12,"id":2,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9299999999999999,0.9,99],[0.9099999999999999,0.9,112],[0.8899999999999999,0.9,140]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":{"box":null,"points":[[12.0,10.0,1]],"window":"auto"},"target":1},"slices":[[0,0],[14,26],[24,35]],"source":"prompt","state":"proposed"}',X'820101240720091E0B1D0820081F0A1F0A1E091F09200920072401');
INSERT INTO "changes" VALUES(13,1,1,'{"area":92,"asked_at":0,"id":1,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[14,26],[24,35]],"source":"prompt","state":"approved"}','{"area":99,"asked_at":0,"id":1,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[14,26],[24,35]],"source":"prompt","state":"approved"}',X'CC0201270226032601');
INSERT INTO "changes" VALUES(13,2,1,'{"area":99,"asked_at":12,"id":2,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9299999999999999,0.9,99],[0.9099999999999999,0.9,112],[0.8899999999999999,0.9,140]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":{"box":null,"points":[[12.0,10.0,1]],"window":"auto"},"target":1},"slices":[[0,0],[14,26],[24,35]],"source":"prompt","state":"proposed"}',NULL,X'820101240720091E0B1D0820081F0A1F0A1E091F09200920072401');
INSERT INTO "changes" VALUES(14,3,1,NULL,'{"area":69,"asked_at":0,"id":3,"image":1,"label":1,"locked":false,"name":"","proposal":null,"slices":[[0,0],[5,13],[5,13]],"source":"brush","state":"approved"}',X'9C0505220720091F091F091F091F0920072205');
INSERT INTO "changes" VALUES(15,3,1,'{"area":69,"asked_at":0,"id":3,"image":1,"label":1,"locked":false,"name":"","proposal":null,"slices":[[0,0],[5,13],[5,13]],"source":"brush","state":"approved"}','{"area":60,"asked_at":0,"id":3,"image":1,"label":1,"locked":false,"name":"","proposal":null,"slices":[[0,0],[5,13],[5,13]],"source":"brush","state":"approved"}',X'95060325032503');
INSERT INTO "changes" VALUES(16,3,1,'{"area":60,"asked_at":0,"id":3,"image":1,"label":1,"locked":false,"name":"","proposal":null,"slices":[[0,0],[5,13],[5,13]],"source":"brush","state":"approved"}','{"area":69,"asked_at":0,"id":3,"image":1,"label":1,"locked":false,"name":"","proposal":null,"slices":[[0,0],[5,13],[5,13]],"source":"brush","state":"approved"}',X'95060325032503');
INSERT INTO "changes" VALUES(17,4,1,NULL,'{"area":19,"asked_at":0,"id":4,"image":1,"label":3,"locked":false,"name":"","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"brush","state":"approved"}',X'2909210623032601');
INSERT INTO "changes" VALUES(18,3,1,'{"area":69,"asked_at":0,"id":3,"image":1,"label":1,"locked":false,"name":"","proposal":null,"slices":[[0,0],[5,13],[5,13]],"source":"brush","state":"approved"}','{"area":69,"asked_at":0,"id":3,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[5,13],[5,13]],"source":"brush","state":"approved"}',X'');
INSERT INTO "changes" VALUES(18,4,1,'{"area":19,"asked_at":0,"id":4,"image":1,"label":3,"locked":false,"name":"","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"brush","state":"approved"}','{"area":19,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"brush","state":"approved"}',X'');
INSERT INTO "changes" VALUES(19,4,1,'{"area":19,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"brush","state":"approved"}','{"area":19,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"brush","state":"approved"}',X'');
INSERT INTO "changes" VALUES(20,4,1,'{"area":19,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"brush","state":"approved"}','{"area":19,"asked_at":0,"id":4,"image":1,"label":2,"locked":true,"name":"left löbe","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"brush","state":"approved"}',X'');
INSERT INTO "changes" VALUES(21,4,1,'{"area":19,"asked_at":0,"id":4,"image":1,"label":2,"locked":true,"name":"left löbe","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"brush","state":"approved"}','{"area":19,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"brush","state":"approved"}',X'');
INSERT INTO "changes" VALUES(22,3,1,'{"area":69,"asked_at":0,"id":3,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[5,13],[5,13]],"source":"brush","state":"approved"}',NULL,X'9C0505220720091F091F091F091F0920072205');
INSERT INTO "changes" VALUES(22,4,1,'{"area":19,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"brush","state":"approved"}','{"area":88,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[5,28],[5,38]],"source":"brush","state":"approved"}',X'9C0505220720091F091F091F091F0920072205');
INSERT INTO "changes" VALUES(23,4,1,'{"area":88,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[5,28],[5,38]],"source":"brush","state":"approved"}','{"area":89,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[5,28],[1,38]],"source":"brush","state":"approved"}',X'7601');
INSERT INTO "changes" VALUES(24,4,1,'{"area":89,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[5,28],[1,38]],"source":"brush","state":"approved"}','{"area":88,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[5,28],[5,38]],"source":"brush","state":"approved"}',X'7601');
INSERT INTO "changes" VALUES(25,4,1,'{"area":88,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[5,28],[5,38]],"source":"brush","state":"approved"}','{"area":69,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[5,13],[5,13]],"source":"brush","state":"approved"}',X'2909210623032601');
INSERT INTO "changes" VALUES(25,5,1,NULL,'{"area":19,"asked_at":0,"id":5,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"split","state":"approved"}',X'2909210623032601');
INSERT INTO "changes" VALUES(26,6,1,NULL,'{"area":12,"asked_at":0,"id":6,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9,0.95,12]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":null,"target":null},"slices":[[0,0],[20,23],[28,30]],"source":"everything","state":"proposed"}',X'F90103250325032503');
INSERT INTO "changes" VALUES(26,7,1,NULL,'{"area":13,"asked_at":0,"id":7,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9,0.95,13]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":null,"target":null},"slices":[[0,0],[12,16],[17,21]],"source":"everything","state":"proposed"}',X'9C04012603240524032601');
INSERT INTO "changes" VALUES(26,8,1,NULL,'{"area":12,"asked_at":0,"id":8,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9,0.95,12]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":null,"target":null},"slices":[[0,0],[5,8],[8,10]],"source":"everything","state":"proposed"}',X'E50603250325032503');
INSERT INTO "changes" VALUES(27,9,1,NULL,'{"area":2,"asked_at":0,"id":9,"image":1,"label":3,"locked":false,"name":"from elsewhere","proposal":null,"slices":[[0,0],[2,2],[18,19]],"source":"import","state":"approved"}',X'CC0802');
INSERT INTO "changes" VALUES(28,1,1,'{"area":99,"asked_at":0,"id":1,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[14,26],[24,35]],"source":"prompt","state":"approved"}',NULL,X'820101240720091E0B1D0820081F0A1F0A1E091F09200920072401');
INSERT INTO "changes" VALUES(29,1,1,NULL,'{"area":99,"asked_at":0,"id":1,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[14,26],[24,35]],"source":"prompt","state":"approved"}',X'820101240720091E0B1D0820081F0A1F0A1E091F09200920072401');
INSERT INTO "changes" VALUES(30,9,1,'{"area":2,"asked_at":0,"id":9,"image":1,"label":3,"locked":false,"name":"from elsewhere","proposal":null,"slices":[[0,0],[2,2],[18,19]],"source":"import","state":"approved"}',NULL,X'CC0802');
INSERT INTO "changes" VALUES(31,9,1,NULL,'{"area":2,"asked_at":0,"id":9,"image":1,"label":3,"locked":false,"name":"from elsewhere","proposal":null,"slices":[[0,0],[2,2],[18,19]],"source":"import","state":"approved"}',X'CC0802');
INSERT INTO "changes" VALUES(32,10,2,NULL,'{"area":24,"asked_at":0,"id":10,"image":2,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,5],[3,3],[8,13]],"source":"brush","state":"approved"}',X'F307010D010D010D0153010D010D010D0161010D010D010D0153010D010D010D0153010D010D010D010D0153010D010D01');
INSERT INTO "changes" VALUES(33,10,2,'{"area":24,"asked_at":0,"id":10,"image":2,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,5],[3,3],[8,13]],"source":"brush","state":"approved"}','{"area":37,"asked_at":0,"id":10,"image":2,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,5],[3,11],[8,13]],"source":"brush","state":"approved"}',X'F907017C037A057A037C01');
INSERT INTO "changes" VALUES(34,11,2,NULL,'{"area":13,"asked_at":34,"id":11,"image":2,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9299999999999999,0.9,13],[0.9099999999999999,0.9,48],[0.8899999999999999,0.9,94]],"chosen":0,"plane":{"axis":"sagittal","slice":8},"prompt":{"box":null,"points":[[5.0,5.0,1]],"window":"auto"},"target":null},"slices":[[1,5],[6,10],[8,8]],"source":"prompt","state":"proposed"}',X'8608010C030A050A030C01');
INSERT INTO "changes" VALUES(36,10,2,'{"area":37,"asked_at":0,"id":10,"image":2,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,5],[3,11],[8,13]],"source":"brush","state":"approved"}','{"area":13,"asked_at":0,"id":10,"image":2,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[7,11],[8,12]],"source":"brush","state":"approved"}',X'F307010D010D010D0153010D010D010D0161010D010D010D0153010D010D010D0153010D010D010D010D0153010D010D01');
INSERT INTO "changes" VALUES(36,12,2,NULL,'{"area":24,"asked_at":0,"id":12,"image":2,"label":3,"locked":false,"name":"","proposal":null,"slices":[[0,5],[3,3],[8,13]],"source":"brush","state":"approved"}',X'F307010D010D010D0153010D010D010D0161010D010D010D0153010D010D010D0153010D010D010D010D0153010D010D01');
CREATE TABLE events(
  id INTEGER PRIMARY KEY,
  image INTEGER REFERENCES images(id),
  time TEXT NOT NULL,
  kind TEXT NOT NULL,
  role TEXT NOT NULL CHECK(role IN ('action', 'undo', 'redo', 'note')),
  request TEXT UNIQUE,
  input TEXT NOT NULL,
  model TEXT NOT NULL, precision TEXT NOT NULL, window TEXT NOT NULL,
  summary TEXT NOT NULL,
  target INTEGER REFERENCES events(id),
  client TEXT NOT NULL DEFAULT '');
INSERT INTO "events" VALUES(1,NULL,'2026-11-29T10:30:48.378Z','add_label','note',NULL,'{"label":1,"name":"object"}','','','','',NULL,'');
INSERT INTO "events" VALUES(2,NULL,'2026-11-29T10:30:48.384Z','add_images','note',NULL,'[{"id":1,"name":"a.png","path":"/data/a.png"},{"id":2,"name":"b.nii.gz","path":"/data/b.nii.gz"}]','','','','',NULL,'');
INSERT INTO "events" VALUES(3,NULL,'2026-11-29T10:30:48.387Z','add_label','note',NULL,'{"colour":"#E69F00","label":2,"name":"liver","shortcut":"l"}','','','','',NULL,'');
INSERT INTO "events" VALUES(4,NULL,'2026-11-29T10:30:48.388Z','add_label','note',NULL,'{"label":3,"name":"spleen","value":7}','','','','',NULL,'');
INSERT INTO "events" VALUES(5,NULL,'2026-11-29T10:30:48.389Z','edit_label','note',NULL,'{"colour":"#0072b2","label":3}','','','','',NULL,'');
INSERT INTO "events" VALUES(6,1,'2026-11-29T10:30:48.396Z','open','note',NULL,'{"extent":[40,30,1],"mm_from_voxel":null}','','','','',NULL,'');
INSERT INTO "events" VALUES(7,2,'2026-11-29T10:30:48.400Z','open','note',NULL,'{"extent":[14,9,17],"mm_from_voxel":[0.02,-0.7,0.01,0.03,0.01,3.0,-0.5,0.02,0.04,10.0,-20.0,30.0]}','','','','',NULL,'');
INSERT INTO "events" VALUES(8,1,'2026-11-29T10:30:48.404Z','ask','action','request-1','{"action":{"kind":"ask","plane":{"axis":"axial","slice":0},"prompt":{"box":null,"points":[[10.0,9.0,1]],"window":"auto"},"proposal":null,"target":null},"emptied":"removed","first":0,"next_object":1,"overlap":"keep"}','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','fp32','auto','asked with 1 point: object 1',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(9,1,'2026-11-29T10:30:48.408Z','ask','action','request-2','{"action":{"kind":"ask","plane":{"axis":"axial","slice":0},"prompt":{"box":[4.0,3.0,16.5,15.0],"points":[[10.0,9.0,1],[14.5,9.25,0]],"window":"40,80.5"},"proposal":1,"target":null},"emptied":"removed","first":0,"next_object":2,"overlap":"keep"}','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','fp32','40,80.5','asked with 2 points and a box: object 1',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(10,1,'2026-11-29T10:30:48.412Z','choose','action','request-3','{"action":{"candidate":2,"kind":"choose","proposal":1},"emptied":"removed","next_object":2,"overlap":"keep"}','','','','candidate 3 of object 1',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(11,1,'2026-11-29T10:30:48.416Z','accept','action','request-4','{"action":{"kind":"accept","label":2,"objects":[1]},"emptied":"removed","next_object":2,"overlap":"keep"}','','','','accepted 1 object',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(12,1,'2026-11-29T10:30:48.420Z','ask','action','request-5','{"action":{"kind":"ask","plane":{"axis":"axial","slice":0},"prompt":{"box":null,"points":[[12.0,10.0,1]],"window":"auto"},"proposal":null,"target":1},"emptied":"removed","first":0,"next_object":2,"overlap":"keep"}','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','fp32','auto','asked with 1 point: object 2',NULL,'');
INSERT INTO "events" VALUES(13,1,'2026-11-29T10:30:48.424Z','accept','action','request-6','{"action":{"kind":"accept","label":2,"objects":[2]},"emptied":"removed","next_object":3,"overlap":"keep"}','','','','accepted 1 object',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(14,1,'2026-11-29T10:30:48.428Z','stroke','action','request-7','{"action":{"kind":"stroke","label":1,"object":null,"paint":"add","plane":{"axis":"axial","slice":0},"points":[[30.0,20.0]],"radii":[4.5,4.5]},"emptied":"removed","next_object":3,"overlap":"keep"}','','','','stroke added to object 3',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(15,1,'2026-11-29T10:30:48.436Z','stroke','action','request-8','{"action":{"kind":"stroke","label":0,"object":3,"paint":"remove","plane":{"axis":"axial","slice":0},"points":[[30.0,20.0]],"radii":[1.5,1.5]},"emptied":"removed","next_object":4,"overlap":"keep"}','','','','stroke removed from object 3',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(16,1,'2026-11-29T10:30:48.445Z','fill_holes','action','request-9','{"action":{"axis":"axial","kind":"fill_holes","objects":[3]},"emptied":"removed","next_object":4,"overlap":"keep"}','','','','filled the holes of 1 object',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(17,1,'2026-11-29T10:30:48.448Z','lasso','action','request-10','{"action":{"kind":"lasso","label":3,"object":null,"paint":"add","plane":{"axis":"axial","slice":0},"polygon":[[1.0,1.0],[9.5,1.0],[5.0,4.25]]},"emptied":"removed","next_object":4,"overlap":"keep"}','','','','lasso added to object 4',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(18,1,'2026-11-29T10:30:48.452Z','label','action','request-11','{"action":{"kind":"label","label":2,"objects":[4,3]},"emptied":"removed","next_object":5,"overlap":"keep"}','','','','labelled 2 objects',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(19,1,'2026-11-29T10:30:48.456Z','name','action','request-12','{"action":{"kind":"name","name":"left löbe","object":4},"emptied":"removed","next_object":5,"overlap":"keep"}','','','','named object 4',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(20,1,'2026-11-29T10:30:48.460Z','lock','action','request-13','{"action":{"kind":"lock","objects":[4]},"emptied":"removed","next_object":5,"overlap":"keep"}','','','','locked 1 object',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(21,1,'2026-11-29T10:30:48.463Z','unlock','action','request-14','{"action":{"kind":"unlock","objects":[4]},"emptied":"removed","next_object":5,"overlap":"keep"}','','','','unlocked 1 object',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(22,1,'2026-11-29T10:30:48.468Z','merge','action','request-15','{"action":{"kind":"merge","objects":[4,3]},"emptied":"removed","next_object":5,"overlap":"keep"}','','','','merged 2 objects into 4',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(23,1,'2026-11-29T10:30:48.472Z','stroke','action','request-16','{"action":{"kind":"stroke","label":0,"object":4,"paint":"add","plane":{"axis":"axial","slice":0},"points":[[38.0,2.0]],"radii":[0.75,0.75]},"emptied":"removed","next_object":5,"overlap":"keep"}','','','','stroke added to object 4',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(24,1,'2026-11-29T10:30:48.476Z','drop_specks','action','request-17','{"action":{"below":3,"kind":"drop_specks","objects":[4]},"emptied":"removed","next_object":5,"overlap":"keep"}','','','','dropped specks of 1 object',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(25,1,'2026-11-29T10:30:48.480Z','split','action','request-18','{"action":{"kind":"split","object":4},"emptied":"removed","next_object":5,"overlap":"keep"}','','','','split object 4 into 2 parts',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(26,1,'2026-11-29T10:30:48.484Z','everything','action','request-19','{"action":{"kind":"everything","min_region":10,"plane":{"axis":"axial","slice":0},"points_per_side":3,"pred_iou":0.88,"stability":0.95,"window":"auto"},"emptied":"removed","next_object":6,"overlap":"keep"}','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','fp32','auto','3 proposals from a grid on axial slice 0',NULL,'');
INSERT INTO "events" VALUES(27,1,'2026-11-29T10:30:48.487Z','import','action','request-20','{"action":{"among":"shared","from":"/data/masks/a.png","kind":"import","objects":[{"label":3,"name":"from elsewhere"}]},"emptied":"removed","next_object":9,"overlap":"keep"}','','','','imported 1 object from /data/masks/a.png',NULL,'');
INSERT INTO "events" VALUES(28,1,'2026-11-29T10:30:48.493Z','delete','action','request-21','{"action":{"kind":"delete","objects":[1]},"emptied":"removed","next_object":10,"overlap":"keep"}','','','','deleted 1 object',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(29,1,'2026-11-29T10:30:48.498Z','undo','undo','request-22','{}','','','','undid delete',28,'0b54f1a2-page');
INSERT INTO "events" VALUES(30,1,'2026-11-29T10:30:48.501Z','undo','undo','request-23','{}','','','','undid import',27,'0b54f1a2-page');
INSERT INTO "events" VALUES(31,1,'2026-11-29T10:30:48.510Z','redo','redo','request-24','{}','','','','redid import',27,'0b54f1a2-page');
INSERT INTO "events" VALUES(32,2,'2026-11-29T10:30:48.513Z','stroke','action','request-25','{"action":{"kind":"stroke","label":2,"object":null,"paint":"add","plane":{"axis":"coronal","slice":3},"points":[[4.0,5.0],[7.5,6.25]],"radii":[1.5,2.0]},"emptied":"removed","next_object":10,"overlap":"keep"}','','','','stroke added to object 10',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(33,2,'2026-11-29T10:30:48.527Z','stroke','action','request-26','{"action":{"kind":"stroke","label":0,"object":10,"paint":"add","plane":{"axis":"axial","slice":0},"points":[[6.0,4.0]],"radii":[2.0,2.0]},"emptied":"removed","next_object":11,"overlap":"keep"}','','','','stroke added to object 10',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(34,2,'2026-11-29T10:30:48.534Z','ask','action','request-27','{"action":{"kind":"ask","plane":{"axis":"sagittal","slice":8},"prompt":{"box":null,"points":[[5.0,5.0,1]],"window":"auto"},"proposal":null,"target":null},"emptied":"removed","first":0,"next_object":11,"overlap":"keep"}','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','fp32','auto','asked with 1 point: object 11',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(35,NULL,'2026-11-29T10:30:48.537Z','settings','note',NULL,'{"overlap":"overwrite"}','','','','',NULL,'');
INSERT INTO "events" VALUES(36,2,'2026-11-29T10:30:48.544Z','stroke','action','request-28','{"action":{"kind":"stroke","label":3,"object":null,"paint":"add","plane":{"axis":"coronal","slice":3},"points":[[4.0,5.0],[7.5,6.25]],"radii":[1.5,2.0]},"emptied":"removed","next_object":12,"overlap":"overwrite"}','','','','stroke added to object 12, taking 24 voxels from 1 object',NULL,'0b54f1a2-page');
INSERT INTO "events" VALUES(37,NULL,'2026-11-29T10:30:48.552Z','delete_label','note',NULL,'{"label":1}','','','','',NULL,'');
INSERT INTO "events" VALUES(38,1,'2026-11-29T10:30:48.568Z','done','note',NULL,'null','','','','',NULL,'');
CREATE TABLE images(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL, series TEXT NOT NULL, frame INTEGER NOT NULL,
  name TEXT NOT NULL UNIQUE,
  done INTEGER NOT NULL DEFAULT 0,
  active_ms INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL DEFAULT 0,
  grid TEXT,    -- {"extent": [x, y, z], "mm_from_voxel": 12 numbers or null}, once it has been opened
  fault TEXT,   -- why it could not be
  content TEXT, stamp TEXT,  -- of what was read (ImageContent), once it has been
  UNIQUE(path, series, frame));
INSERT INTO "images" VALUES(1,'/data/a.png','',0,'a.png',1,61000,38,'{"extent":[40,30,1],"mm_from_voxel":null}',NULL,NULL,NULL);
INSERT INTO "images" VALUES(2,'/data/b.nii.gz','',0,'b.nii.gz',0,0,36,'{"extent":[14,9,17],"mm_from_voxel":[0.02,-0.7,0.01,0.03,0.01,3.0,-0.5,0.02,0.04,10.0,-20.0,30.0]}',NULL,NULL,NULL);
CREATE TABLE labels(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, colour TEXT NOT NULL, shortcut TEXT NOT NULL, value INTEGER NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0);
INSERT INTO "labels" VALUES(1,'object','#e69f00','1',1,1);
INSERT INTO "labels" VALUES(2,'liver','#e69f00','l',2,0);
INSERT INTO "labels" VALUES(3,'spleen','#0072b2','2',7,0);
CREATE TABLE objects(
  id INTEGER PRIMARY KEY,
  image INTEGER NOT NULL REFERENCES images(id),
  label INTEGER REFERENCES labels(id),
  state TEXT NOT NULL,
  revision INTEGER NOT NULL REFERENCES events(id),
  mask_revision INTEGER NOT NULL,
  mask_sha256 TEXT NOT NULL,
  record TEXT NOT NULL);
INSERT INTO "objects" VALUES(1,1,2,'approved',29,29,'d530b0a25a868be134a5c9d1de58393289f45e69280b23fc2e1e7864237d8ed1','{"area":99,"asked_at":0,"id":1,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[14,26],[24,35]],"source":"prompt","state":"approved"}');
INSERT INTO "objects" VALUES(4,1,2,'approved',25,25,'2dd1841ab65ef8563ac3aa36370219aa2e6f5047ca45e7e7c7d937da14b715f3','{"area":69,"asked_at":0,"id":4,"image":1,"label":2,"locked":false,"name":"left löbe","proposal":null,"slices":[[0,0],[5,13],[5,13]],"source":"brush","state":"approved"}');
INSERT INTO "objects" VALUES(5,1,2,'approved',25,25,'92e497412b9441022583f7442aec48061927f9002669c1d8724744d8d5b944a4','{"area":19,"asked_at":0,"id":5,"image":1,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[25,28],[30,38]],"source":"split","state":"approved"}');
INSERT INTO "objects" VALUES(6,1,NULL,'proposed',26,26,'f66c1335fa2e1906ef78e6be25f0a5faf3ed27b82c0c30233642616126ea6d98','{"area":12,"asked_at":0,"id":6,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9,0.95,12]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":null,"target":null},"slices":[[0,0],[20,23],[28,30]],"source":"everything","state":"proposed"}');
INSERT INTO "objects" VALUES(7,1,NULL,'proposed',26,26,'0b15cf068255d539ab166df323046712f5ca6c377f082f2cc92eb648e9ae52d9','{"area":13,"asked_at":0,"id":7,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9,0.95,13]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":null,"target":null},"slices":[[0,0],[12,16],[17,21]],"source":"everything","state":"proposed"}');
INSERT INTO "objects" VALUES(8,1,NULL,'proposed',26,26,'83627cc21bb97628fcfa7790adcc744392b77acc2dc8b2d60dd94e4837fcf04a','{"area":12,"asked_at":0,"id":8,"image":1,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9,0.95,12]],"chosen":0,"plane":{"axis":"axial","slice":0},"prompt":null,"target":null},"slices":[[0,0],[5,8],[8,10]],"source":"everything","state":"proposed"}');
INSERT INTO "objects" VALUES(9,1,3,'approved',31,31,'fb99f614543eff54d2bf4d91054595d30387bff56db0d6effd39308928173976','{"area":2,"asked_at":0,"id":9,"image":1,"label":3,"locked":false,"name":"from elsewhere","proposal":null,"slices":[[0,0],[2,2],[18,19]],"source":"import","state":"approved"}');
INSERT INTO "objects" VALUES(10,2,2,'approved',36,36,'023ac357c44baa7f935d605a1a881a97bd540f237fc4d97ab17823da19c9223a','{"area":13,"asked_at":0,"id":10,"image":2,"label":2,"locked":false,"name":"","proposal":null,"slices":[[0,0],[7,11],[8,12]],"source":"brush","state":"approved"}');
INSERT INTO "objects" VALUES(11,2,NULL,'proposed',34,34,'f4e9c4a3e648125521b09fe6bfbb0b7ff65b448ac23cc685615c80e1bff9273a','{"area":13,"asked_at":34,"id":11,"image":2,"label":null,"locked":false,"name":"","proposal":{"candidates":[[0.9299999999999999,0.9,13],[0.9099999999999999,0.9,48],[0.8899999999999999,0.9,94]],"chosen":0,"plane":{"axis":"sagittal","slice":8},"prompt":{"box":null,"points":[[5.0,5.0,1]],"window":"auto"},"target":null},"slices":[[1,5],[6,10],[8,8]],"source":"prompt","state":"proposed"}');
INSERT INTO "objects" VALUES(12,2,3,'approved',36,36,'5b2979db32d12c55dfa8dd75c6f1d69516d92e5a9fd46157aad823d9d9e57491','{"area":24,"asked_at":0,"id":12,"image":2,"label":3,"locked":false,"name":"","proposal":null,"slices":[[0,5],[3,3],[8,13]],"source":"brush","state":"approved"}');
CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "settings" VALUES('overlap','overwrite');
CREATE UNIQUE INDEX label_names ON labels(name) WHERE NOT deleted;
CREATE UNIQUE INDEX label_values ON labels(value) WHERE NOT deleted;
CREATE INDEX events_of_image ON events(image, id);
CREATE UNIQUE INDEX changes_of_event ON changes(event, object);
CREATE INDEX changes_of_object ON changes(object, event);
CREATE INDEX removals ON changes(image, object, event) WHERE after IS NULL;
CREATE UNIQUE INDEX answers_of_event ON answers(event, position);
CREATE INDEX objects_of_image ON objects(image, state);
CREATE INDEX objects_of_label ON objects(label);
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the history only grows'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'the history only grows'); END;
CREATE TRIGGER changes_stay BEFORE UPDATE ON changes BEGIN SELECT RAISE(ABORT, 'the history only grows'); END;
CREATE TRIGGER changes_last BEFORE DELETE ON changes BEGIN SELECT RAISE(ABORT, 'the history only grows'); END;
COMMIT;
