//! Pages that decode different codecs.

use cosmos_auth::Grants;
use cosmos_encoder::Choice;

use super::*;
use crate::demand::Agreed;

impl World {
    /// Somebody comes whose browser decodes these.
    fn comes(&mut self, user: &str, codecs: &str) -> usize {
        let page = self.enter_with(Codecs::named(codecs), user, Role::Owner, 30_000, 0);
        self.run(Duration::from_millis(20));
        page
    }

    fn leaves(&mut self, page: usize) {
        let id = self.pages[page].id;
        self.handle(Event::Gone { id });
        self.run(Duration::from_millis(20));
    }

    fn choose(&mut self, encoder: Option<&str>) {
        let encoder = encoder.map(str::to_owned);
        self.handle(Event::Chosen(Choices { encoder, ..Choices::default() }));
        self.run(Duration::from_millis(20));
    }

    /// What the encoder is to be, as the video thread is told.
    fn wanted(&self) -> String {
        let Agreed { choice, codecs, .. } = self.demand.agreed();
        let choice = match choice {
            None => String::new(),
            Some(Choice::Named(element)) => format!("{element}: "),
            Some(choice) => format!("{choice:?}: "),
        };
        let codecs: Vec<String> = codecs.iter().map(ToString::to_string).collect();
        format!("{choice}{}", codecs.join(", "))
    }

    /// The encoder that makes this was opened, as it was wanted at that time or at another.
    fn opens(&mut self, codec: Codec, agreements: u32) {
        self.hub.opened(codec, agreements, self.now);
        self.run(Duration::from_millis(20));
    }

    /// How many of three pictures of this codec come to each page.
    fn shown(&mut self, codec: Codec) -> Vec<usize> {
        self.shown_sampled(codec, Sampling::Half)
    }

    fn shown_sampled(&mut self, codec: Codec, sampling: Sampling) -> Vec<usize> {
        let before: Vec<usize> = self.pages.iter().map(|page| page.pictures).collect();
        for keyframe in [true, false, false] {
            self.publish_sampled(Tier::First, (codec, sampling), keyframe, 500);
            self.run(Duration::from_millis(50));
        }
        self.pages.iter().zip(before).map(|(page, before)| page.pictures - before).collect()
    }

    fn told(&self, page: usize) -> Vec<String> {
        let told = self.pages[page].heard.iter().filter_map(|message| match message {
            ServerMessage::Unseen(why) => Some(format!("unseen: {why}")),
            ServerMessage::Notice { text, .. } => Some(text.clone()),
            _ => None,
        });
        told.collect()
    }
}

#[test]
fn the_encoder_follows_those_who_come_and_go() {
    let mut world = World::new();
    let ada = world.comes("ada", "h264,vp8,vp9");
    assert_eq!(world.wanted(), "H.264, VP8, VP9");
    let bob = world.comes("bob", "h264,vp9");
    assert_eq!(world.wanted(), "H.264, VP9", "who decodes what is running takes it");
    assert_eq!(world.shown(Codec::H264), [3, 3]);
    let eve = world.comes("eve", "vp8");
    assert_eq!(world.wanted(), "H.264, VP9", "who was there before goes on");
    assert_eq!(world.shown(Codec::H264), [3, 3, 0]);
    let why =
        "unseen: this browser decodes VP8, and others who watch H.264: the picture comes when they have left";
    assert_eq!(world.told(eve), [why]);
    world.demand.take();
    world.leaves(bob);
    assert_eq!(world.wanted(), "VP8");
    assert_eq!(
        world.told(eve)[1..],
        ["unseen: ", "The picture is VP8 now instead of H.264: the browser of eve does not decode it"]
    );
    assert!(world.demand.take().keyframe, "nobody waits for the screen to change");
    assert_eq!(world.shown(Codec::H264), [3, 0, 0], "what was on its way is kept from whom it says nothing");
    assert_eq!(world.shown(Codec::Vp8), [3, 0, 3]);
    world.leaves(eve);
    assert_eq!(world.wanted(), "H.264, VP8, VP9", "what is best comes back");
    assert_eq!(world.told(ada).last().unwrap(), "The picture is H.264 now");
    world.leaves(ada);
    let last = world.comes("kim", "vp8");
    assert_eq!((world.wanted().as_str(), world.told(last).len()), ("VP8", 1));
}

#[test]
fn colours_are_at_444_while_all_decode_them() {
    let mut world = World::new();
    world.hub.config.full = true;
    let full = |world: &World| world.demand.agreed().full;
    let ada = world.comes("ada", "h264,h264-444,vp9,vp9-444");
    assert_eq!((world.wanted().as_str(), full(&world)), ("H.264, VP9", vec![Codec::H264, Codec::Vp9]));
    assert_eq!(world.shown_sampled(Codec::H264, Sampling::Full), [3]);
    world.demand.take();
    let bob = world.comes("bob", "h264,vp9,vp9-444");
    assert_eq!(full(&world), [Codec::Vp9]);
    assert!(world.demand.take().keyframe, "nobody waits for the screen to change");
    assert_eq!(world.shown_sampled(Codec::H264, Sampling::Full), [3, 0], "bob would see nothing in it");
    assert_eq!(world.shown(Codec::H264), [3, 3]);
    let told = "The colours are 4:2:0 now instead of 4:4:4: the browser of bob does not decode it";
    assert_eq!(world.told(ada), [told]);
    world.leaves(bob);
    assert_eq!(full(&world), [Codec::H264, Codec::Vp9], "they come back");
    world.leaves(ada);
    assert_eq!(full(&world), [], "whoever comes next says what is decoded");
    world.hub.config.full = false;
    world.comes("eve", "h264,h264-444");
    assert_eq!((world.wanted().as_str(), full(&world)), ("H.264", vec![]), "it was not asked for");
}

#[test]
fn viewers_of_vnc_are_not_offered_pictures_at_444() {
    let mut world = World::new();
    world.hub.config.full = true;
    let mut offered = world.hub.rfb.film.offered();
    let ada = world.comes("ada", "h264,h264-444");
    assert!(!*offered.borrow_and_update());
    let bob = world.comes("bob", "h264");
    assert!(*offered.borrow_and_update());
    world.leaves(bob);
    assert!(!*offered.borrow_and_update());
    world.leaves(ada);
    assert!(*offered.borrow_and_update());
}

#[test]
fn whoever_has_no_right_to_see_has_no_say() {
    let mut world = World::new();
    world.comes("ada", "h264");
    let deaf = world.comes("bob", "vp8");
    let id = world.pages[deaf].id;
    assert_eq!(world.told(deaf).len(), 1);
    let rights = Rights { grants: Grants::NONE, ..Rights::of(Role::Viewer) };
    let (reply, _gone) = oneshot::channel();
    world.leaves(0);
    assert_eq!(world.wanted(), "VP8");
    world.handle(Event::Ask(Box::new(Ask::Rights(id, rights, reply))));
    assert_eq!(world.wanted(), "H.264, VP8, VP9");
}

#[test]
fn a_person_chooses_the_encoder_and_gets_it_where_all_decode_it() {
    let mut world = World::new();
    let ada = world.comes("ada", "h264,vp8,vp9");
    world.opens(Codec::H264, world.demand.agreements());
    world.demand.take();
    world.choose(Some("vp9enc"));
    assert_eq!(world.wanted(), "vp9enc: VP9, H.264, VP8");
    assert!(world.demand.take().keyframe);
    world.opens(Codec::Vp9, world.demand.agreements());
    assert_eq!(world.shown(Codec::Vp9), [3]);
    let bob = world.comes("bob", "h264");
    assert_eq!(world.wanted(), "H.264");
    world.leaves(bob);
    assert_eq!(world.wanted(), "vp9enc: VP9, H.264, VP8", "it comes back");
    world.comes("eve", "vp8");
    world.choose(Some("x264enc"));
    assert_eq!(world.wanted(), "VP8");
    let told = world.told(ada).pop().unwrap();
    assert_eq!(
        told,
        "x264enc waits until everybody here decodes H.264: the browser of eve does not decode it"
    );
    world.choose(None);
    assert_eq!(world.wanted(), "VP8");
}

#[test]
fn an_encoder_that_fails_makes_nobody_come_back() {
    let mut world = World::new();
    world.comes("ada", "h264,vp8,vp9");
    let agreements = world.demand.agreements();
    world.opens(Codec::H264, agreements);
    world.opens(Codec::Vp9, agreements);
    assert_eq!(world.wanted(), "VP9, VP8, H.264");
    assert_eq!(world.shown(Codec::Vp9), [3]);
    world.opens(Codec::Vp9, world.demand.agreements());
    let bob = world.comes("bob", "h264");
    assert_eq!(world.wanted(), "VP9, VP8, H.264", "what has failed is not tried for whoever comes");
    assert_eq!(
        world.told(bob)[0],
        "unseen: this browser decodes H.264, and the server encodes VP8, VP9; choose another encoder"
    );
    world.opens(Codec::H264, world.demand.agreements());
    assert_eq!((world.wanted().as_str(), world.shown(Codec::H264)), ("H.264", vec![3, 3]), "it works again");
    world.opens(Codec::Vp8, agreements);
    assert_eq!(world.wanted(), "H.264", "what was opened before the last agreement says nothing");
}
